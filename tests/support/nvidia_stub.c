/* Stands in for libnvidia-opticalflow and libcuda where there is no GPU.

   Reads what it is given by offsets into bytes, so that a field of the wrong size or place shows.
   Finds one shift for the whole picture by brute force, and adds (1, -1)/32 px to it.
   Environment:
     STUB_FAIL      "function:status": it answers that status ("@n" behind: at its n-th call)
     STUB_CRASH     nvOFExecute raises SIGSEGV
     STUB_HANG      nvOFExecute never returns
     STUB_WRONG     vectors come out with the wrong sign
     STUB_TURING    vectors for squares of 4 px only, hints for 4 and 8
     STUB_NO_HINTS  no start flows
     STUB_RAMP      each vector carries the number of its column and row, in steps of 1/32 px
     STUB_LARGEST   greatest side of a picture, px
     STUB_HOLE      function that the list lacks
*/
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define PITCH 512     /* rows begin at multiples of this, so they never lie close together */
#define SEARCH 8      /* px around the start */
#define BUFFERS 16

typedef unsigned char byte;
typedef struct {
    int alive;
    uint32_t width, height, usage, format, row_bytes, pitch;
    byte *memory;
} Buffer;
typedef struct {
    int alive, started;
    uint32_t width, height, grid, hint_grid, hinted;
} Session;

static int contexts, is_current;
static Session session;
static Buffer buffers[BUFFERS];
static int executed, seen, sessions;
static const char *complaint = "";

static uint32_t u32(const void *at, size_t offset) {
    uint32_t value;
    memcpy(&value, (const byte *)at + offset, 4);
    return value;
}
static uint64_t u64(const void *at, size_t offset) {
    uint64_t value;
    memcpy(&value, (const byte *)at + offset, 8);
    return value;
}
static int refuse(const char *why, int status) {
    complaint = why;
    return status;
}
static int asked(const char *variable) { return getenv(variable) != NULL; }

/* The status that the test wants of a function, or 0. */
static int wanted(const char *function) {
    const char *text = getenv("STUB_FAIL");
    size_t length = strlen(function);
    if (!text || strncmp(text, function, length) || text[length] != ':') return 0;
    const char *nth = strchr(text, '@');
    if (nth && ++seen != atoi(nth + 1)) return 0;
    complaint = "as the test\nwants it";
    return atoi(text + length + 1);
}
#define ENTER(name) do { int status = wanted(#name); if (status) return status; } while (0)
#define NEED(condition) do { if (!(condition)) return refuse(#condition, 5); } while (0)

/* What a C compiler makes of the fields. */
static const struct { const char *name; size_t size; } layouts[] = {
    {"InitParams", sizeof(struct { uint32_t a[2]; int32_t b[6]; void *c; int32_t d[2]; })},
    {"BufferDescriptor", sizeof(struct { uint32_t a[2]; int32_t b[2]; })},
    {"ExecuteInput", sizeof(struct {
        void *a[3]; int32_t b; uint32_t c; void *d; uint32_t e[2]; void *f;
    })},
    {"ExecuteOutput", sizeof(struct { void *a[3]; })},
    {"StrideInfo", sizeof(struct { struct { uint32_t x, y; } a[3]; uint32_t b; })},
    {"FunctionList", sizeof(struct { void (*a[12])(void); })},
    {"Copy2D", sizeof(struct {
        struct {
            size_t x, y; int type; const void *host; uint64_t device; void *array; size_t pitch;
        } ends[2];
        size_t bytes, rows;
    })},
};

/* What tests ask. */
EXPORT int stub_sizeof(const char *name) {
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (!strcmp(layouts[i].name, name)) return (int)layouts[i].size;
    return -1;
}
EXPORT int stub_alive(void) {
    int alive = contexts + session.alive;
    for (int i = 0; i < BUFFERS; i++) alive += buffers[i].alive;
    return alive;
}
EXPORT int stub_buffers(void) {
    int alive = 0;
    for (int i = 0; i < BUFFERS; i++) alive += buffers[i].alive;
    return alive;
}
EXPORT int stub_executed(void) { return executed; }
EXPORT int stub_sessions(void) { return sessions; }
EXPORT void stub_reset(void) {
    for (int i = 0; i < BUFFERS; i++) free(buffers[i].memory);
    memset(buffers, 0, sizeof buffers);
    memset(&session, 0, sizeof session);
    contexts = is_current = executed = seen = sessions = 0;
}

/* CUDA's driver. */
EXPORT int cuInit(unsigned flags) { ENTER(cuInit); return flags ? 1 : 0; }
EXPORT int cuDeviceGet(int *device, int ordinal) {
    ENTER(cuDeviceGet);
    if (ordinal) return 101;
    *device = 7;
    return 0;
}
EXPORT int cuDeviceGetName(char *name, int size, int device) {
    ENTER(cuDeviceGetName);
    if (device != 7) return 101;
    snprintf(name, (size_t)size, "Stub 2000");
    return 0;
}
EXPORT int cuDevicePrimaryCtxRetain(void **context, int device) {
    ENTER(cuDevicePrimaryCtxRetain);
    if (device != 7) return 101;
    contexts++;
    *context = &contexts;
    return 0;
}
EXPORT int cuDevicePrimaryCtxRelease_v2(int device) {
    ENTER(cuDevicePrimaryCtxRelease_v2);
    if (device != 7 || session.alive) return 101;
    contexts--;
    return 0;
}
EXPORT int cuCtxSetCurrent(void *context) {
    ENTER(cuCtxSetCurrent);
    if (context != &contexts) return 201;
    is_current = 1;
    return 0;
}
EXPORT int cuCtxSynchronize(void) { ENTER(cuCtxSynchronize); return is_current ? 0 : 201; }
EXPORT int cuGetErrorName(int status, const char **name) {
    if (status == 1) *name = "CUDA_ERROR_INVALID_VALUE";
    else if (status == 100) *name = "CUDA_ERROR_NO_DEVICE";
    else if (status == 201) *name = "CUDA_ERROR_INVALID_CONTEXT";
    else { *name = NULL; return 1; }
    return 0;
}

static Buffer *buffer_at(uint64_t pointer) {
    for (int i = 0; i < BUFFERS; i++)
        if (buffers[i].alive && (uintptr_t)buffers[i].memory == pointer) return &buffers[i];
    return NULL;
}

/* Takes the 128 bytes of the version that counts in 64 bits. */
EXPORT int cuMemcpy2D_v2(const void *copy) {
    ENTER(cuMemcpy2D_v2);
    int up = u32(copy, 16) == 1 && u32(copy, 72) == 2;
    int down = u32(copy, 16) == 2 && u32(copy, 72) == 1;
    if (!is_current || up == down) return 1;
    static const size_t unused[] = {0, 8, 40, 56, 64, 96};
    for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
        if (u64(copy, unused[i])) return 1;
    byte *host = (byte *)(uintptr_t)u64(copy, up ? 24 : 80);
    Buffer *buffer = buffer_at(u64(copy, up ? 88 : 32));
    uint64_t host_pitch = u64(copy, up ? 48 : 104), device_pitch = u64(copy, up ? 104 : 48);
    uint64_t bytes = u64(copy, 112), rows = u64(copy, 120);
    if (!host || !buffer || device_pitch != buffer->pitch) return 1;
    if (bytes != buffer->row_bytes || rows != buffer->height || host_pitch < bytes) return 1;
    for (uint64_t y = 0; y < rows; y++) {
        byte *device = buffer->memory + y * device_pitch;
        if (up) memcpy(device, host + y * host_pitch, bytes);
        else memcpy(host + y * host_pitch, device, bytes);
    }
    return 0;
}

/* The optical flow library. */
static int create_session(void *context, void **handle) {
    ENTER(nvCreateOpticalFlowCuda);
    if (context != &contexts || !contexts) return refuse("no context", 4);
    if (session.alive) return refuse("one session at a time", 8);
    memset(&session, 0, sizeof session);
    session.alive = 1;
    sessions++;
    *handle = &session;
    return 0;
}

static int start(void *handle, const void *params) {
    ENTER(nvOFInit);
    if (handle != &session || !session.alive) return 4;
    NEED(u32(params, 16) == 1);  /* mode: flow */
    NEED(u32(params, 20) == 5);  /* slow, the best */
    NEED(u32(params, 28) == 1);  /* with cost */
    NEED(u64(params, 32) == 0);  /* private */
    NEED(u32(params, 40) == 0);  /* disparity range */
    NEED(u32(params, 44) == 0);  /* regions */
    session.width = u32(params, 0);
    session.height = u32(params, 4);
    session.grid = u32(params, 8);
    session.hint_grid = u32(params, 12);
    session.hinted = u32(params, 24);
    NEED(session.grid == 4 || (!asked("STUB_TURING") && (session.grid == 1 || session.grid == 2)));
    NEED(session.hinted == (session.hint_grid > 0));
    NEED(!session.hinted || session.hint_grid >= session.grid);
    session.started = 1;
    return 0;
}

static uint32_t cells(uint32_t pixels, uint32_t grid) { return (pixels + grid - 1) / grid; }

static int make_buffer(void *handle, const void *descriptor, int memory_type, void **made) {
    ENTER(nvOFCreateGPUBufferCuda);
    if (handle != &session || !session.started) return 9;
    NEED(memory_type == 2);
    uint32_t usage = u32(descriptor, 8), format = u32(descriptor, 12);
    static const uint32_t formats[] = {0, 1, 5, 5, 7}, sizes[] = {0, 1, 4, 4, 1};
    NEED(usage >= 1 && usage <= 4);
    NEED(format == formats[usage]);
    uint32_t grid = usage == 1 ? 1 : usage == 3 ? session.hint_grid : session.grid;
    NEED(u32(descriptor, 0) == cells(session.width, grid));
    NEED(u32(descriptor, 4) == cells(session.height, grid));
    for (int i = 0; i < BUFFERS; i++) {
        Buffer *b = &buffers[i];
        if (b->alive) continue;
        b->width = u32(descriptor, 0), b->height = u32(descriptor, 4);
        b->usage = usage, b->format = format, b->row_bytes = b->width * sizes[usage];
        b->pitch = (b->row_bytes / PITCH + 1) * PITCH;
        b->memory = malloc((size_t)b->pitch * b->height);
        memset(b->memory, 0xA5, (size_t)b->pitch * b->height);
        b->alive = 1;
        *made = b;
        return 0;
    }
    return 8;
}

static Buffer *buffer_of(uint64_t handle, uint32_t usage) {
    Buffer *b = (Buffer *)(uintptr_t)handle;
    if (b < buffers || b >= buffers + BUFFERS || !b->alive || b->usage != usage) return NULL;
    return b;
}
static void *array_of(void *handle) { (void)handle; return NULL; }
static uint64_t pointer_of(void *handle) {
    if (wanted("nvOFGPUBufferGetCUdeviceptr")) return 0;
    return (uint64_t)(uintptr_t)((Buffer *)handle)->memory;
}
static int stride_of(void *handle, void *info) {
    ENTER(nvOFGPUBufferGetStrideInfo);
    uint32_t found[7] = {((Buffer *)handle)->pitch, ((Buffer *)handle)->height, 0, 0, 0, 0, 1};
    memcpy(info, found, sizeof found);
    return 0;
}
static int set_streams(void *h, void *in, void *out) { (void)h; (void)in; (void)out; return 0; }

/* Mean difference of a reference pixel and the moving one that lies (dx, dy) from it. */
static double difference(const Buffer *input, const Buffer *other, int dx, int dy) {
    int w = (int)input->width, h = (int)input->height;
    int x0 = dx < 0 ? -dx : 0, y0 = dy < 0 ? -dy : 0;
    int x1 = dx > 0 ? w - dx : w, y1 = dy > 0 ? h - dy : h;
    double sum = 0, count = 0;
    for (int y = y0; y < y1; y += 3)
        for (int x = x0; x < x1; x += 3) {
            int a = input->memory[(size_t)y * input->pitch + x];
            int b = other->memory[(size_t)(y + dy) * other->pitch + x + dx];
            sum += a > b ? a - b : b - a;
            count++;
        }
    return count ? sum / count : 1e9;
}

static int16_t *vector_at(const Buffer *b, uint32_t x, uint32_t y) {
    return (int16_t *)(b->memory + (size_t)y * b->pitch) + 2 * x;
}

static int execute(void *handle, const void *in, void *out) {
    ENTER(nvOFExecute);
    if (handle != &session || !session.started) return 9;
    if (asked("STUB_CRASH")) raise(SIGSEGV);
    while (asked("STUB_HANG")) sleep(1);
    NEED(is_current);
    NEED(u32(in, 24) == 1);  /* no hints of the pair before */
    NEED(u32(in, 28) == 0 && u64(in, 32) == 0);
    NEED(u32(in, 40) == 0 && u32(in, 44) == 0 && u64(in, 48) == 0);
    NEED(u64(out, 16) == 0);
    Buffer *input = buffer_of(u64(in, 0), 1), *other = buffer_of(u64(in, 8), 1);
    Buffer *flow = buffer_of(u64(out, 0), 2), *cost = buffer_of(u64(out, 8), 4);
    if (!input || !other || !flow || !cost || input == other) return refuse("a buffer is none", 4);
    int start_x = 0, start_y = 0;
    if (session.hinted) {
        Buffer *hint = buffer_of(u64(in, 16), 3);
        if (!hint) return refuse("the hint is none", 4);
        double sum_x = 0, sum_y = 0, count = (double)hint->width * hint->height;
        for (uint32_t y = 0; y < hint->height; y++)
            for (uint32_t x = 0; x < hint->width; x++) {
                sum_x += vector_at(hint, x, y)[0] / 32.0;
                sum_y += vector_at(hint, x, y)[1] / 32.0;
            }
        start_x = (int)(sum_x / count + 1000.5) - 1000;
        start_y = (int)(sum_y / count + 1000.5) - 1000;
    } else NEED(u64(in, 16) == 0);
    int best_x = 0, best_y = 0;
    double least = 1e18;
    for (int dy = start_y - SEARCH; dy <= start_y + SEARCH; dy++)
        for (int dx = start_x - SEARCH; dx <= start_x + SEARCH; dx++) {
            double found = difference(input, other, dx, dy);
            if (found < least) least = found, best_x = dx, best_y = dy;
        }
    int sign = asked("STUB_WRONG") ? -1 : 1, ramp = asked("STUB_RAMP");
    for (uint32_t y = 0; y < flow->height; y++)
        for (uint32_t x = 0; x < flow->width; x++) {
            vector_at(flow, x, y)[0] = (int16_t)(sign * (best_x * 32 + 1) + (ramp ? (int)x : 0));
            vector_at(flow, x, y)[1] = (int16_t)(sign * (best_y * 32 - 1) + (ramp ? (int)y : 0));
            cost->memory[(size_t)y * cost->pitch + x] = (byte)(x + 3 * y);
        }
    executed++;
    return 0;
}

static int destroy_buffer(void *handle) {
    ENTER(nvOFDestroyGPUBufferCuda);
    Buffer *b = handle;
    if (b < buffers || b >= buffers + BUFFERS || !b->alive || !is_current) return 4;
    free(b->memory);
    memset(b, 0, sizeof *b);
    return 0;
}
static int destroy_session(void *handle) {
    ENTER(nvOFDestroy);
    if (handle != &session || !session.alive || stub_buffers()) return 4;
    session.alive = session.started = 0;
    return 0;
}
static int last_error(void *handle, char *text, uint32_t *size) {
    if (handle != &session || *size < 80) return 5;
    snprintf(text, *size, "%s", complaint);
    *size = (uint32_t)strlen(text);
    return 0;
}

static int caps(void *handle, int kind, uint32_t *values, uint32_t *count) {
    ENTER(nvOFGetCaps);
    if (handle != &session) return 4;
    const char *largest = getenv("STUB_LARGEST");
    uint32_t greatest = largest ? (uint32_t)atoi(largest) : 8192;
    uint32_t found[4] = {0}, number = 1;
    switch (kind) {
    case 0:
        if (asked("STUB_TURING")) found[0] = 4;
        else found[0] = 4, found[1] = 1, found[2] = 2, number = 3;
        break;
    case 1:
        if (asked("STUB_TURING")) found[0] = 8, found[1] = 4, number = 2;
        else found[0] = 8, found[1] = 4, found[2] = 2, found[3] = 1, number = 4;
        break;
    case 2: found[0] = !asked("STUB_NO_HINTS"); break;
    case 4: case 5: found[0] = 32; break;
    case 6: case 7: found[0] = greatest; break;
    default: return 5;
    }
    if (values) memcpy(values, found, number * sizeof *values);
    *count = number;
    return 0;
}

EXPORT int NvOFAPICreateInstanceCuda(uint32_t version, void **list) {
    ENTER(NvOFAPICreateInstanceCuda);
    if (version != 0x20) return 7;
    const char *hole = getenv("STUB_HOLE");
    static const struct { const char *name; void *function; } functions[] = {
        {"nvCreateOpticalFlowCuda", create_session},
        {"nvOFInit", start},
        {"nvOFCreateGPUBufferCuda", make_buffer},
        {"nvOFGPUBufferGetCUarray", array_of},
        {"nvOFGPUBufferGetCUdeviceptr", pointer_of},
        {"nvOFGPUBufferGetStrideInfo", stride_of},
        {"nvOFSetIOCudaStreams", set_streams},
        {"nvOFExecute", execute},
        {"nvOFDestroyGPUBufferCuda", destroy_buffer},
        {"nvOFDestroy", destroy_session},
        {"nvOFGetLastError", last_error},
        {"nvOFGetCaps", caps},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        list[i] = hole && !strcmp(hole, functions[i].name) ? NULL : functions[i].function;
    return 0;
}
