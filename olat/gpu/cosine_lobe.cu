/* Cosine lobes in closed form (Fyffe and Debevec 2012), as olat/surface/cosine_lobe_kernel.py has
   them. REAL is float or double. */

struct Lobe {
    REAL x, y, z, ratio;
    bool lit;
    code doubt;
};

__device__ __forceinline__ Lobe lobe_of(
    REAL red, REAL green, REAL blue, REAL x, REAL y, REAL z, REAL floor, REAL largest
) {
    const REAL zero = 0, one = 1;
    /* What is infinite or not a number makes this product not 0. */
    bool lit = ((x + y + z) + (red + green + blue)) * zero == zero;
    lit = lit && red > floor && green > floor && blue > floor;
    x = x / red;
    y = y / green;
    z = z / blue;
    REAL length = lit ? (REAL)sqrt(x * x + y * y + z * z) : zero;
    REAL scale = length > zero ? one / length : zero;
    Lobe found;
    found.x = lit ? x * scale : zero;
    found.y = lit ? y * scale : zero;
    found.z = lit ? z * scale : zero;
    found.ratio = length < largest ? length : largest;
    found.lit = lit;
    found.doubt = !lit ? SHADOWED : length > largest ? CLAMPED : 0;
    return found;
}

/* One lobe a pixel: channel c tells its axis c. Integral, moment, axis and lit are (pixel, 3). */
extern "C" __global__ void shared(
    const REAL *integral, const REAL *moment, REAL floor, REAL largest, place pixels, REAL *axis,
    REAL *ratio, REAL *lit, code *flags
) {
    place at = this_thread();
    if (at >= pixels)
        return;
    const REAL *f = integral + 3 * at, *a = moment + 3 * at;
    Lobe found = lobe_of(f[0], f[1], f[2], a[0], a[1], a[2], floor, largest);
    axis[3 * at] = found.x;
    axis[3 * at + 1] = found.y;
    axis[3 * at + 2] = found.z;
    ratio[at] = found.ratio;
    for (int channel = 0; channel < 3; ++channel)
        lit[3 * at + channel] = found.lit ? f[channel] : (REAL)0;
    flags[at] = found.doubt;
}

/* One lobe a channel: moment and axis are (pixel, channel, 3), ratio and lit (pixel, 3). */
extern "C" __global__ void by_channel(
    const REAL *integral, const REAL *moment, REAL floor, REAL largest, place pixels, REAL *axis,
    REAL *ratio, REAL *lit, code *flags
) {
    place at = this_thread();
    if (at >= pixels)
        return;
    code doubt = 0;
    for (int channel = 0; channel < 3; ++channel) {
        place of = 3 * at + channel;
        REAL f = integral[of];
        const REAL *a = moment + 3 * of;
        Lobe found = lobe_of(f, f, f, a[0], a[1], a[2], floor, largest);
        axis[3 * of] = found.x;
        axis[3 * of + 1] = found.y;
        axis[3 * of + 2] = found.z;
        ratio[of] = found.ratio;
        lit[of] = found.lit ? f : (REAL)0;
        doubt |= found.doubt;
    }
    flags[at] = doubt;
}
