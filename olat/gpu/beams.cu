/* Vectors to near lights from the places of pixels, as olat/surface/beam_kernel.py has them. */

/* `lamps` is (light, 8): position, axis, beam exponent and one over what reaches the origin;
   `places` is (3, place_stride). Writes beams (light, 3, pixel), or where `inverses` is given unit
   vectors and one over the length of the beams (light, pixel). */
extern "C" __global__ void beams_from_places(
    const double *lamps, int lights, const float *places, place place_stride, place pixels,
    float *beams, float *inverses, int parted
) {
    place thread = this_thread();
    if (thread >= lights * pixels)
        return;
    place light = thread / pixels, at = thread % pixels;
    const double *lamp = lamps + 8 * light;
    double x = lamp[0] - (double)places[at];
    double y = lamp[1] - (double)places[place_stride + at];
    double z = lamp[2] - (double)places[2 * place_stride + at];
    double square = x * x + y * y + z * z, distance = sqrt(square);
    double gain = square > 0.0 ? lamp[7] / (square * distance) : 0.0;
    if (lamp[6] > 0.0) {
        double cosine = -(x * lamp[3] + y * lamp[4] + z * lamp[5]);
        cosine = distance > 0.0 ? cosine / distance : 0.0;
        gain *= cosine > 0.0 ? pow(cosine, lamp[6]) : 0.0;
    }
    float beam[3] = {(float)(x * gain), (float)(y * gain), (float)(z * gain)};
    float scale = 1.0f;
    if (parted) {
        float length = beam[0] * beam[0] + beam[1] * beam[1] + beam[2] * beam[2];
        scale = length > 0.0f ? 1.0f / sqrtf(length) : 0.0f;
        inverses[light * pixels + at] = scale;
    }
    for (int axis = 0; axis < 3; ++axis)
        beams[(light * 3 + axis) * pixels + at] = beam[axis] * scale;
}
