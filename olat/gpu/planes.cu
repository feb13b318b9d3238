/* Relighting (Debevec et al. 2000, section 3): the planes of a field, weighted and summed. */

#define PIXELS 4 /* of a thread, read at once: fewer leave more threads to small pictures */

struct alignas(2 * PIXELS) Part {
    half_bits numbers[PIXELS];
};

/* One frame. `planes` is (light, 3, stride); `told` names the `count` lights that shine, as bits of
   numbers, and then their weights (count, 3). */
extern "C" __global__ void weighted_sum(
    const half_bits *planes, place stride, const float *told, int count, place pixels,
    float *radiance
) {
    const int *used = (const int *)told;
    const float *weights = told + count;
    place first = PIXELS * this_thread();
    if (first >= pixels)
        return;
    float sums[3][PIXELS] = {};
#pragma unroll 4
    for (int k = 0; k < count; ++k) {
        const half_bits *plane = planes + used[k] * 3 * stride + first;
#pragma unroll
        for (int channel = 0; channel < 3; ++channel) {
            Part part = *(const Part *)(plane + channel * stride);
            float weight = weights[3 * k + channel];
#pragma unroll
            for (int i = 0; i < PIXELS; ++i)
                sums[channel][i] = fmaf(weight, decoded(part.numbers[i]), sums[channel][i]);
        }
    }
#pragma unroll
    for (int i = 0; i < PIXELS; ++i)
        if (first + i < pixels)
#pragma unroll
            for (int channel = 0; channel < 3; ++channel)
                radiance[3 * (first + i) + channel] = sums[channel][i];
}

/* Many frames. `products` is (2 frame, 3, span): under the coarse part of the weights, and under
   the fine one. Writes `count` pixels from `first` of pictures (frame, pixel, 3). */
extern "C" __global__ void combined(
    const float *products, int frames, place span, place first, place count, place pixels,
    float scale, float *radiance
) {
    place pixel = this_thread();
    if (pixel >= count)
        return;
    place half = (place)frames * 3 * span;
    for (int frame = blockIdx.y; frame < frames; frame += gridDim.y)
        for (int channel = 0; channel < 3; ++channel) {
            const float *product = products + (frame * 3 + channel) * span + pixel;
            float sum = product[0] + product[half];
            radiance[(frame * pixels + first + pixel) * 3 + channel] = scale * sum;
        }
}
