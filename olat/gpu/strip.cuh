/* What the kernels share. They follow those of olat/surface and olat/relight line by line, one
   thread a pixel, and round where these do. Arrays are (light, channel, pixel); `stride` is from
   one plane to the next, which may be more than there are pixels. */
#include <cuda_fp16.h>

typedef unsigned short half_bits;
typedef unsigned char code;
typedef long long place;

#define UNUSABLE -1e30f /* stands for the reading of a light that a pixel must not use */
#define FINITE 65520.0f /* every finite half lies below it, and no infinity or NaN does */
#define THIRD ((float)(1.0 / 3.0))

__device__ __forceinline__ place this_thread() {
    return (place)blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ __forceinline__ float decoded(half_bits bits) { return __half2float(__ushort_as_half(bits)); }
__device__ __forceinline__ float decoded(float number) { return number; }

/* The larger, as Python's max: the first unless the second is greater. */
__device__ __forceinline__ double larger(double a, double b) { return b > a ? b : a; }

#ifdef STORED /* the solves */

/* What a solve reads. */
struct Strip {
    const STORED *stored;   /* (light, CHANNELS, stride) */
    const code *flags;      /* (light, stride) */
    const code *confidence; /* (light, stride), nothing unless TRUSTED */
    const float *beams;     /* (3, light), or if NEAR (light, 3, pixel) */
    const float *inverses;  /* if NEAR, one over the gain (light, pixel) */
    place stride, pixels;
    int lights;
};

__device__ __forceinline__ float channel_of(const Strip &strip, int light, int channel, place at) {
    return decoded(strip.stored[((place)light * CHANNELS + channel) * strip.stride + at]);
}

__device__ __forceinline__ float along(const Strip &strip, int light, int axis, place at) {
#if NEAR
    return strip.beams[((place)light * 3 + axis) * strip.pixels + at];
#else
    return strip.beams[axis * strip.lights + light];
#endif
}

__device__ __forceinline__ float trusted(const Strip &strip, int light, place at) {
#if TRUSTED
    return (float)strip.confidence[light * strip.stride + at] * (float)(1.0 / 255.0);
#else
    return 1.0f;
#endif
}

/* How much a robust fit doubts a residual over its scale (Geman and McClure 1987). */
__device__ __forceinline__ float weight_of(float residual) {
    float doubt = residual > 0.0f ? residual : residual * 0.6f;
    float root = 1.0f / (1.0f + doubt * doubt);
    return root * root;
}

/* A strip is passed argument by argument. */
#define STRIP_ARGUMENTS                                                                            \
    const STORED *stored, const code *flags, const code *confidence, const float *beams,           \
        const float *inverses, place stride, place pixels, int lights
#define STRIP {stored, flags, confidence, beams, inverses, stride, pixels, lights}

/* What the readings of a pixel are measured by. */
struct Levels {
    float brightest, threshold;
};

/* Write the channel mean of each usable reading to `values` (light, pixel), collect the flags that
   refused the others, and find the threshold of shadow. */
__device__ __forceinline__ Levels gather(
    const Strip &strip, place at, double fraction, double floor, int refused, float *values,
    code *causes
) {
    float first = UNUSABLE, second = UNUSABLE, third = UNUSABLE;
    code cause = 0;
    for (int light = 0; light < strip.lights; ++light) {
        float mean = channel_of(strip, light, 0, at);
        if (CHANNELS == 3) {
            mean = mean + channel_of(strip, light, 1, at) + channel_of(strip, light, 2, at);
            mean = mean * THIRD;
        }
        code flagged = strip.flags[light * strip.stride + at] & (code)refused;
        float value = fabsf(mean) < FINITE && flagged == 0 ? mean : UNUSABLE;
        cause |= flagged;
        values[light * strip.pixels + at] = value;
        float low = value > third ? value : third;
        float middle = low > second ? low : second;
        third = low > second ? second : low;
        second = middle > first ? first : middle;
        first = middle > first ? middle : first;
    }
    *causes = cause;
    return {first, (float)larger(floor, fraction * (double)third)};
}

#endif
