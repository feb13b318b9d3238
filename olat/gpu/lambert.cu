/* Normals and albedo (Woodham 1980), as olat/surface/lambert_kernel.py has them. */

struct Sums {
    float xx, xy, xz, yy, yz, zz, xv, yv, zv, ones, vv;
};

struct Fit {
    float x, y, z, doubt, trust;
};

#define LEAST_DOUBTED 0.02
#define LEAST_SPREAD 1e-4
#define PRIOR (3.0 * (0.05 * 0.05)) /* three lights' worth of 5 % model error */
#define HALF_CONFIDENCE 0.08726646259971647
#define FIRST_SCALE 2.0

__device__ __forceinline__ void add_reading(Sums &s, float lx, float ly, float lz, float weight, float value) {
    float wx = weight * lx, wy = weight * ly, wz = weight * lz, wv = weight * value;
    s.xx = fmaf(wx, lx, s.xx);
    s.xy = fmaf(wx, ly, s.xy);
    s.xz = fmaf(wx, lz, s.xz);
    s.yy = fmaf(wy, ly, s.yy);
    s.yz = fmaf(wy, lz, s.yz);
    s.zz = fmaf(wz, lz, s.zz);
    s.xv = fmaf(wv, lx, s.xv);
    s.yv = fmaf(wv, ly, s.yv);
    s.zv = fmaf(wv, lz, s.zv);
    s.ones += weight;
    s.vv = fmaf(wv, value, s.vv);
}

/* Solve the sums; where they determine nothing, the last fit stays. */
__device__ __forceinline__ void refit(Fit &fit, const Sums &s, double scale) {
    double xx = s.xx, xy = s.xy, xz = s.xz, yy = s.yy, yz = s.yz, zz = s.zz;
    double bx = s.xv, by = s.yv, bz = s.zv, count = s.ones;
    double axx = yy * zz - yz * yz, axy = xz * yz - xy * zz, axz = xy * yz - xz * yy;
    double ayy = xx * zz - xz * xz, ayz = xy * xz - xx * yz, azz = xx * yy - xy * xy;
    double minors = axx + ayy + azz;
    double determinant = xx * axx + xy * axy + xz * axz;
    double least = LEAST_SPREAD * count;
    double spread = minors - least * count;
    double other = (determinant - least * minors) / (count + 1e-30);
    if (!((other < spread ? other : spread) > 0.0))
        return;
    double inverse = 1.0 / determinant;
    double x = (axx * bx + axy * by + axz * bz) * inverse;
    double y = (axy * bx + ayy * by + ayz * bz) * inverse;
    double z = (axz * bx + ayz * by + azz * bz) * inverse;
    double square = x * x + y * y + z * z;
    if (!(square > 0.0))
        return;
    double along_fit = axx * x * x + ayy * y * y + azz * z * z;
    along_fit += 2.0 * (axy * x * y + axz * x * z + ayz * y * z);
    double variance = (minors - along_fit / square) * inverse;
    if (!(variance > 0.0))
        return;
    double length = sqrt(square);
    double explained = x * (double)s.xv + y * (double)s.yv + z * (double)s.zv;
    double squares = larger((double)s.vv - explained, 0.0);
    double scatter = scale * sqrt(squares / count);
    fit.x = (float)x;
    fit.y = (float)y;
    fit.z = (float)z;
    fit.doubt = scale > 0.0 ? (float)(1.0 / larger(scatter, LEAST_DOUBTED * length)) : 0.0f;
    double relative = squares / (length * length) + PRIOR;
    double error = variance * relative / larger(count - 3.0 + 3.0, 1.0);
    fit.trust = (float)(1.0 / (1.0 + error / (HALF_CONFIDENCE * HALF_CONFIDENCE)));
}

/* The limits between which the middle of the lit readings lies, from their 40th to their 80th
   percentile, found by halving brackets; all lit ones where these are few. */
__device__ __forceinline__ void keep_middle(
    const Strip &strip, const float *values, place at, const Levels &levels, float &low, float &high
) {
    float lit = 0.0f;
    for (int light = 0; light < strip.lights; ++light)
        lit += values[light * strip.pixels + at] > levels.threshold ? 1.0f : 0.0f;
    float top = levels.brightest > 0.0f ? levels.brightest : 0.0f;
    float bottom = levels.threshold;
    bottom = bottom > 1e-3f * top ? bottom : 1e-3f * top;
    float high_bottom = bottom, low_top = top, darker = 0.0f, not_brighter = lit;
    low = bottom;
    high = top;
    for (int halving = 0; halving < 8; ++halving) {
        float low_middle = sqrtf(low * low_top), high_middle = sqrtf(high * high_bottom);
        float below_low = 0.0f, below_high = 0.0f;
        for (int light = 0; light < strip.lights; ++light) {
            float value = values[light * strip.pixels + at];
            value = value > levels.threshold ? value : 3e30f;
            below_low += value <= low_middle ? 1.0f : 0.0f;
            below_high += value <= high_middle ? 1.0f : 0.0f;
        }
        bool few = below_low <= 0.4f * lit, many = below_high >= 0.8f * lit;
        low = few ? low_middle : low;
        darker = few ? below_low : darker;
        low_top = few ? low_top : low_middle;
        high = many ? high_middle : high;
        not_brighter = many ? below_high : not_brighter;
        high_bottom = many ? high_bottom : high_middle;
    }
    bool kept = not_brighter - darker >= 8.0f;
    low = kept ? low : levels.threshold;
    high = kept ? high : 3e30f;
}

/* Sum over the readings between two limits, all weighing as much as they are trusted. */
__device__ __forceinline__ Sums sum_kept(
    const Strip &strip, const float *values, place at, float low, float high
) {
    Sums sums = {};
    for (int light = 0; light < strip.lights; ++light) {
        float reading = values[light * strip.pixels + at];
        float kept = reading <= high ? reading : 0.0f;
        bool lit = kept > low;
        float value = lit ? kept : 0.0f, weight = lit ? trusted(strip, light, at) : 0.0f;
        float lx = along(strip, light, 0, at), ly = along(strip, light, 1, at);
        add_reading(sums, lx, ly, along(strip, light, 2, at), weight, value);
    }
    return sums;
}

/* Sum over the lit readings, weighing less the more the last fit left over of them. */
__device__ __forceinline__ Sums sum_doubted(
    const Strip &strip, const float *values, place at, float threshold, const Fit &fit
) {
    Sums sums = {};
    for (int light = 0; light < strip.lights; ++light) {
        float lx = along(strip, light, 0, at), ly = along(strip, light, 1, at);
        float lz = along(strip, light, 2, at);
        float reading = values[light * strip.pixels + at];
        bool lit = reading > threshold;
        float value = lit ? reading : 0.0f;
        float model = fit.x * lx + fit.y * ly + fit.z * lz;
        float weight = weight_of((value - model) * fit.doubt);
        weight = lit ? weight * trusted(strip, light, at) : 0.0f;
        add_reading(sums, lx, ly, lz, weight, value);
    }
    return sums;
}

struct Albedo {
    float sums[3], divisor, untrusted;
};

/* Sum up weighted channels around the fit, as olat/surface/albedo_kernel.py does. */
__device__ __forceinline__ Albedo sum_channels(
    const Strip &strip, const float *values, place at, float threshold, const Fit &fit,
    bool is_doubted
) {
    Albedo found = {};
    for (int light = 0; light < strip.lights; ++light) {
        float lx = along(strip, light, 0, at), ly = along(strip, light, 1, at);
        float lz = along(strip, light, 2, at);
        float model = fit.x * lx + fit.y * ly + fit.z * lz;
        float reading = values[light * strip.pixels + at];
        if (!(reading > threshold))
            continue;
        float bright = is_doubted && !(model > 0.0f) ? 0.0f : model;
        float untrusted = bright;
        if (is_doubted)
            untrusted = weight_of((reading - bright) * fit.doubt) * bright;
        float weight = untrusted * trusted(strip, light, at);
        for (int channel = 0; channel < CHANNELS; ++channel) {
            float number = channel_of(strip, light, channel, at);
            found.sums[channel] = fmaf(weight, number, found.sums[channel]);
        }
        found.divisor = fmaf(weight, bright, found.divisor);
        found.untrusted = fmaf(untrusted, bright, found.untrusted);
    }
    return found;
}

extern "C" __global__ void solve(
    STRIP_ARGUMENTS, double fraction, double floor, int reweightings, int refused, float *values,
    float *normals, float *albedo, place albedo_stride, float *certainty, code *causes
) {
    place at = this_thread();
    if (at >= pixels)
        return;
    Strip strip = STRIP;
    Levels levels = gather(strip, at, fraction, floor, refused, values, causes + at);
    bool is_doubted = reweightings > 0;
    Fit fit = {};
    Albedo found = {};
    if ((double)levels.brightest > floor) {
        float low = levels.threshold, high = 3e30f;
        if (is_doubted)
            keep_middle(strip, values, at, levels, low, high);
        refit(fit, sum_kept(strip, values, at, low, high), is_doubted ? FIRST_SCALE : 0.0);
        for (int pass = 0; pass < reweightings; ++pass)
            refit(fit, sum_doubted(strip, values, at, levels.threshold, fit), 1.0);
        if (!is_doubted && CHANNELS == 1 && !TRUSTED)
            found = {{1.0f, 1.0f, 1.0f}, 1.0f, 1.0f};
        else
            found = sum_channels(strip, values, at, levels.threshold, fit, is_doubted);
    }
    double x = fit.x, y = fit.y, z = fit.z;
    double length = sqrt(x * x + y * y + z * z), scale = length > 0.0 ? 1.0 / length : 0.0;
    normals[3 * at] = (float)(x * scale);
    normals[3 * at + 1] = (float)(y * scale);
    normals[3 * at + 2] = (float)(z * scale);
    double share = length / (double)(found.divisor > 1e-30f ? found.divisor : 1e-30f);
    for (int channel = 0; channel < CHANNELS; ++channel)
        albedo[channel * albedo_stride + at] = (float)((double)found.sums[channel] * share);
    float told = found.untrusted > 0.0f ? found.divisor / found.untrusted : 1.0f;
    certainty[at] = fit.trust * told;
    if (fit.trust * told > 0.0f)
        causes[at] = 0;
    else if (UNUSABLE < levels.brightest && (double)levels.brightest <= floor)
        causes[at] |= SHADOWED;
    else
        causes[at] |= UNDERDETERMINED;
}
