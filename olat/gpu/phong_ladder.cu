/* Phong terms on a ladder of exponents, as olat/surface/phong_ladder_kernel.py has them. */

#define RUNGS 13
#define AT_ONCE 4
#define FAINTEST 1e-4f
#define MISFIT 0.2f
#define FITS 3
#define MAJORITY 0.5f
#define SEEN_SHARE 0.25
#define PRIOR_LIGHTS 3.0
#define PRIOR_ERROR 0.02
#define CONFUSABLE 8.0

struct Matte {
    float squares, products, count, error, matte, untrusted, doubt;
};

struct Rung {
    float squares, overlap, products;
};

struct Geometry {
    float nx, ny, nz, rx, ry, rz;
};

/* Readings as distant lights would have given them; the others are unusable. */
__device__ __forceinline__ float even_reading(
    const Strip &strip, const float *values, int light, place at, float threshold
) {
    float reading = values[light * strip.pixels + at];
#if NEAR
    float inverse = strip.inverses[light * strip.pixels + at];
    return reading > threshold && inverse > 0.0f ? reading * inverse : UNUSABLE;
#else
    return reading;
#endif
}

__device__ __forceinline__ float facing(const Strip &strip, int light, place at, const Geometry &g) {
    return g.nx * along(strip, light, 0, at) + g.ny * along(strip, light, 1, at) +
           g.nz * along(strip, light, 2, at);
}

/* Fit matte reflection alone, twice more without what lies far from it on either side; nothing is
   doubted where that leaves no majority. */
__device__ __forceinline__ void fit_matte(
    const Strip &strip, const float *values, place at, float first, float threshold,
    const Geometry &g, Matte &m
) {
    for (int fit = 0; fit < FITS; ++fit) {
        m.squares = m.products = 0.0f;
        for (int light = 0; light < strip.lights; ++light) {
            float cosine = facing(strip, light, at, g);
            float reading = even_reading(strip, values, light, at, first);
            bool used = reading > threshold && cosine > 0.0f;
            float shading = used ? cosine : 0.0f, value = used ? reading : 0.0f;
            float doubt = (value - m.matte * shading) * m.doubt;
            float root = 1.0f / (1.0f + doubt * doubt);
            float weight = root * root * shading * trusted(strip, light, at);
            m.squares += weight * shading;
            m.products += weight * value;
        }
        m.matte = m.squares > 0.0f ? m.products / m.squares : 0.0f;
        m.untrusted = fit == 0 ? m.squares : m.untrusted;
        bool is_doubted = fit < FITS - 1 || m.squares > MAJORITY * m.untrusted;
        m.doubt = is_doubted && m.matte > 0.0f ? 1.0f / (MISFIT * m.matte) : 0.0f;
    }
    m.squares = m.products = m.untrusted = 0.0f;
}

/* How much one light counts: far below the matte fit is shadow, above it is gloss. */
struct Belief {
    float shading, value, square, weight;
};

__device__ __forceinline__ Belief believe(
    const Strip &strip, const float *values, int light, place at, float first, float threshold,
    const Geometry &g, float matte, float doubted
) {
    float cosine = facing(strip, light, at, g);
    float reading = even_reading(strip, values, light, at, first);
    bool used = reading > threshold && cosine > 0.0f;
    Belief b;
    b.shading = used ? cosine : 0.0f;
    b.value = used ? reading : 0.0f;
    float doubt = (matte * b.shading - b.value) * doubted;
    doubt = doubt > 0.0f ? doubt : 0.0f;
    float root = 1.0f / (1.0f + doubt * doubt);
    b.square = used ? root * root : 0.0f;
    b.weight = b.square * trusted(strip, light, at);
    return b;
}

/* Solve 2 x 2 non-negative least squares. */
__device__ __forceinline__ void matte_and_lobe(
    const Matte &m, const Rung &rung, double &matte, double &lobe, double &cost
) {
    double squares = m.squares, error = m.error, albedo = m.matte, products = rung.products;
    double lobe_squares = rung.squares, overlap = rung.overlap;
    double own = lobe_squares - overlap * overlap / squares;
    matte = albedo;
    lobe = 0.0;
    cost = error;
    if (own <= 1e-4 * lobe_squares || products <= 0.0)
        return;
    lobe = products / own;
    matte = albedo - lobe * overlap / squares;
    cost = error - lobe * products;
    if (matte >= 0.0)
        return;
    lobe = (products + albedo * overlap) / lobe_squares;
    matte = 0.0;
    cost = error + albedo * albedo * squares - lobe * lobe * lobe_squares;
}

struct Terms {
    double matte, lobe, exponent, trust;
    code cause;
};

/* Log exponent and curvature of the parabola through the best rung and its neighbors. */
__device__ __forceinline__ double vertex(
    const double *costs, const double *logs, int seen, int best, double &curvature
) {
    curvature = 0.0;
    if (seen < 3)
        return logs[best];
    int middle = best < 1 ? 1 : best;
    middle = middle > seen - 2 ? seen - 2 : middle;
    double x0 = logs[middle - 1], x1 = logs[middle], x2 = logs[middle + 1];
    double left = (costs[middle] - costs[middle - 1]) / (x1 - x0);
    double right = (costs[middle + 1] - costs[middle]) / (x2 - x1);
    curvature = (right - left) / (x2 - x0);
    if (curvature <= 0.0 || best != middle)
        return logs[best];
    return 0.5 * (x0 + x1 - left / curvature);
}

__device__ __forceinline__ double between(
    const double *values, const double *logs, int seen, double at, int best
) {
    int other = at > logs[best] ? best + 1 : best - 1;
    if (other < 0 || other >= seen)
        return values[best];
    double share = (at - logs[best]) / (logs[other] - logs[best]);
    return values[best] + share * (values[other] - values[best]);
}

/* Try every rung, as olat/surface/phong_climb_kernel.py does. */
__device__ __forceinline__ Terms climb(
    const Matte &m, const Rung *rungs, float nearest, int steps, double cap, const double *ladder,
    const double *logs
) {
    double albedos[RUNGS], lobes[RUNGS], costs[RUNGS];
    double cosine = nearest, sharpest = 0.0;
    if (m.count >= 4.0f && cosine > 0.0)
        sharpest = cosine >= 1.0 ? 1e300 : log(SEEN_SHARE) / log(cosine);
    int seen = 0, best = 0;
#pragma unroll
    for (int rung = 0; rung < RUNGS; ++rung)
        if (rung < steps && ladder[rung] <= sharpest) {
            matte_and_lobe(m, rungs[rung], albedos[rung], lobes[rung], costs[rung]);
            seen = rung + 1;
        }
    if (seen == 0)
        return {m.matte, 0.0, 0.0, 0.0, UNDERDETERMINED};
    for (int rung = 1; rung < seen; ++rung)
        best = costs[rung] < costs[best] ? rung : best;
    if (lobes[best] <= 0.0)
        return {m.matte, 0.0, 0.0, 0.0, 0};
    double prior = PRIOR_ERROR * (double)m.matte, largest = log(cap);
    double variance = (costs[best] + PRIOR_LIGHTS * (prior * prior)) / (double)m.count;
    double curvature, at = vertex(costs, logs, seen, best, curvature);
    at = largest < at ? largest : at;
    Terms found;
    found.exponent = exp(at);
    found.cause = 0;
    double error = curvature > 0.0 ? variance / curvature : 1e300;
    double end = largest < logs[seen - 1] ? largest : logs[seen - 1];
    if (at <= logs[0] || at >= end) {
        found.cause |= CLAMPED;
        error += log(2.0) * log(2.0);
    }
    found.trust = 1.0 / (1.0 + error / (log(1.5) * log(1.5)));
    if (found.exponent < CONFUSABLE) {
        found.cause |= UNDERDETERMINED;
        found.trust *= (found.exponent / CONFUSABLE) * (found.exponent / CONFUSABLE);
    }
    found.matte = between(albedos, logs, seen, at, best);
    found.lobe = between(lobes, logs, seen, at, best);
    return found;
}

/* `normals` and `view` are (pixel, 3); `ladder` and `logs` are the exponents and their
   logarithms. Writes diffuse (3, diffuse_stride) and what is one number a pixel. */
extern "C" __global__ void solve(
    STRIP_ARGUMENTS, const float *normals, const float *view, double fraction, double floor,
    double cap, int steps, int refused, const double *ladder, const double *logs, float *values,
    float *diffuse, place diffuse_stride, float *specular, float *exponent, float *certainty,
    code *causes
) {
    place at = this_thread();
    if (at >= pixels)
        return;
    Strip strip = STRIP;
    Levels levels = gather(strip, at, fraction, floor, refused, values, causes + at);
    Matte m = {};
    Rung rungs[RUNGS] = {};
    float sums[3] = {}, nearest = 0.0f;
    if ((double)levels.brightest > floor) {
        const float *n = normals + 3 * at, *v = view + 3 * at;
        float twice = 2.0f * (n[0] * v[0] + n[1] * v[1] + n[2] * v[2]);
        Geometry g = {n[0],           n[1],           n[2],
                      twice * n[0] - v[0], twice * n[1] - v[1], twice * n[2] - v[2]};
        float first = levels.threshold, threshold = NEAR ? 0.0f : first;
        fit_matte(strip, values, at, first, threshold, g, m);
        float matte = m.matte, doubted = m.doubt;
        for (int light = 0; light < lights; ++light) {
            Belief b = believe(strip, values, light, at, first, threshold, g, matte, doubted);
            float weight = b.weight * b.shading;
            m.squares += b.weight * b.shading * b.shading;
            m.products += b.weight * b.shading * b.value;
            m.count += b.weight;
            m.untrusted += b.square * b.shading * b.shading;
#if NEAR
            weight *= strip.inverses[light * pixels + at];
#endif
            for (int channel = 0; channel < 3; ++channel) {
                float number = channel_of(strip, light, channel, at);
                number = fabsf(number) < FINITE ? number : 0.0f;
                sums[channel] += weight * number;
            }
        }
        m.matte = m.squares > 0.0f ? m.products / m.squares : 0.0f;
        for (int group = 0; group < lights; group += AT_ONCE) {
            float lobes[2][AT_ONCE], shadings[AT_ONCE], residuals[AT_ONCE], trusts[AT_ONCE];
#pragma unroll
            for (int k = 0; k < AT_ONCE; ++k) {
                int light = group + k;
                lobes[0][k] = lobes[1][k] = shadings[k] = residuals[k] = trusts[k] = 0.0f;
                if (light >= lights)
                    continue;
                Belief b = believe(strip, values, light, at, first, threshold, g, matte, doubted);
                bool used = b.weight > 0.0f;
                float reading = even_reading(strip, values, light, at, first);
                float shading = facing(strip, light, at, g);
                float residual = used ? reading - m.matte * shading : 0.0f;
                shadings[k] = used ? shading * b.weight : 0.0f;
                residuals[k] = residual * b.weight;
                trusts[k] = b.weight;
                m.error += residual * b.weight * residual;
                float cosine = g.rx * along(strip, light, 0, at) +
                               g.ry * along(strip, light, 1, at) +
                               g.rz * along(strip, light, 2, at);
                cosine = used && cosine > 0.0f ? cosine : 0.0f;
                nearest = cosine > nearest ? cosine : nearest;
                float fourth = (cosine * cosine) * (cosine * cosine);
                lobes[0][k] = fourth > FAINTEST ? fourth : 0.0f;
                float sharper = fourth * cosine * sqrtf(cosine);
                lobes[1][k] = sharper > FAINTEST ? sharper : 0.0f;
            }
#pragma unroll
            for (int rung = 0; rung < RUNGS; ++rung) {
                float *l = lobes[rung % 2];
                Rung &to = rungs[rung];
                to.overlap += (l[0] * shadings[0] + l[1] * shadings[1]) +
                              (l[2] * shadings[2] + l[3] * shadings[3]);
                to.products += (l[0] * residuals[0] + l[1] * residuals[1]) +
                               (l[2] * residuals[2] + l[3] * residuals[3]);
#pragma unroll
                for (int k = 0; k < AT_ONCE; ++k)
                    l[k] = l[k] * l[k];
                to.squares += (l[0] * trusts[0] + l[1] * trusts[1]) +
                              (l[2] * trusts[2] + l[3] * trusts[3]);
#pragma unroll
                for (int k = 0; k < AT_ONCE; ++k)
                    l[k] = l[k] > FAINTEST ? l[k] : 0.0f;
            }
        }
    }
    Terms terms = climb(m, rungs, nearest, steps, cap, ladder, logs);
    float share = m.untrusted > 0.0f ? m.squares / m.untrusted : 1.0f;
    specular[at] = (float)terms.lobe;
    exponent[at] = (float)terms.exponent;
    certainty[at] = (float)(terms.trust * (double)share);
    float mean = (sums[0] + sums[1] + sums[2]) / 3.0f;
    for (int channel = 0; channel < 3; ++channel) {
        float offset = m.squares > 0.0f ? (sums[channel] - mean) / m.squares : 0.0f;
        diffuse[channel * diffuse_stride + at] = (float)larger(terms.matte + (double)offset, 0.0);
    }
    if (m.squares > 0.0f)
        causes[at] = terms.cause;
    else if (UNUSABLE < levels.brightest && (double)levels.brightest <= floor)
        causes[at] |= SHADOWED;
    else
        causes[at] |= UNDERDETERMINED;
}
