// The hand-written loop that `sum(map(v, |x| x * x))` is measured against.
//
//   ref gen N FILE    writes N numbers as a NumPy file
//   ref run K FILE    reads it, then prints the milliseconds of K runs, one per line, and the sum on stderr
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

__attribute__((noinline)) static int64_t sum_of_squares(const int64_t *v, int64_t n) {
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += v[i] * v[i];
    return sum;
}

static int generate(int64_t n, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file) return perror(path), 1;
    char header[128];
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = 118, header[9] = 0;
    int used = snprintf(header + 10, 118, "{'descr': '<i8', 'fortran_order': False, 'shape': (%" PRId64 ",), }", n);
    header[10 + used] = ' ';
    header[127] = '\n';
    fwrite(header, 1, sizeof header, file);
    enum { BLOCK = 1 << 16 };
    static int64_t block[BLOCK];
    uint64_t state = 1;
    for (int64_t at = 0; at < n; at += BLOCK) {
        for (int i = 0; i < BLOCK; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            block[i] = (int64_t)(state >> 44) - (1 << 19);
        }
        fwrite(block, sizeof block[0], n - at < BLOCK ? n - at : BLOCK, file);
    }
    return fclose(file) != 0;
}

static int run(int times, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return perror(path), 1;
    fseek(file, 0, SEEK_END);
    int64_t n = (ftell(file) - 128) / 8;
    fseek(file, 128, SEEK_SET);
    int64_t *v = aligned_alloc(64, (n * 8 + 63) / 64 * 64);
    if (!v || fread(v, 8, n, file) != (size_t)n) return fprintf(stderr, "cannot read %s\n", path), 1;
    fclose(file);
    int64_t sum = 0;
    for (int i = 0; i < times; i++) {
        double start = now_ms();
        sum = sum_of_squares(v, n);
        printf("%.4f\n", now_ms() - start);
    }
    fprintf(stderr, "%" PRId64 "\n", sum);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[1], "gen")) return generate(atoll(argv[2]), argv[3]);
    if (argc == 4 && !strcmp(argv[1], "run")) return run(atoi(argv[2]), argv[3]);
    fprintf(stderr, "usage: ref gen N FILE | ref run K FILE\n");
    return 2;
}
