/* What is allocated, by the figures of the system: nothing is copied on the way in and out, and what is freed is gone.
 *
 *   cc -std=c99 -Iinclude -Iexamples/c weld-capi/tests/c/memory.c -o memory -Ltarget/release -lweld
 *
 * MEMORY_CYCLES says how often a program is compiled, run and freed.
 */
#define _XOPEN_SOURCE 700
#include "check.h"
#include <sys/resource.h>
#include <unistd.h>

enum { N = 20000000 };
static const int64_t MB = 1 << 20, BYTES = (int64_t)N * 8;

static int64_t resident(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%*s %lld", &pages) == 1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* The most that was ever resident. */
static int64_t peak(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (int64_t)usage.ru_maxrss * 1024;
}

/* 160 MB in, 160 MB out. */
static void nothing_is_copied(void)
{
    int64_t *numbers = malloc((size_t)BYTES);
    struct ints v = {numbers, N};
    CHECK(numbers != NULL);
    for (int64_t i = 0; i < N; i++)
        numbers[i] = i;
    weld_module_t add = compile("|v: vec[i64]| map(v, |x| x + 1L)");
    weld_module_t same = compile("|v: vec[i64]| v");
    weld_context_t context = context_with("weld.threads", "2");

    int64_t before = resident();
    weld_value_t value = run(add, context, &v);
    int64_t used = weld_context_memory_usage(context), grown = peak() - before;
    const struct ints *result = weld_value_data(value);
    CHECK(result->len == N && result->data[0] == 1 && result->data[N - 1] == N);
    printf("a map of %d MB: the context holds %d MB, the process has grown by %d MB at most\n", (int)(BYTES / MB),
           (int)(used / MB), (int)(grown / MB));
    CHECK(used >= BYTES && used < BYTES + 4 * MB);
    CHECK(grown < BYTES + 16 * MB);

    /* What goes in comes out. */
    weld_value_t identity = run(same, context, &v);
    result = weld_value_data(identity);
    CHECK(result->data == numbers && result->len == N);
    CHECK(weld_value_memory_usage(identity) < MB / 8);

    /* And goes back to the system. */
    weld_value_release(value);
    CHECK(weld_context_memory_usage(context) < MB / 8);
    weld_trim_memory();
    CHECK(resident() < before + 16 * MB);

    weld_value_free(identity);
    weld_context_free(context);
    weld_module_free(add);
    weld_module_free(same);
    free(numbers);
}

/* A program after the other, each another one. */
static void compile_cycles(int from, int to)
{
    int64_t numbers[] = {1, 2, 3};
    struct ints v = {numbers, 3};
    for (int cycle = from; cycle < to; cycle++) {
        char code[200];
        snprintf(code, sizeof code, "|v: vec[i64]| {sum(map(filter(v, |x| x > 1L), |x| x * %dL)), countby(v), \"text %d\"}", cycle,
                 cycle);
        weld_module_t module = compile(code);
        weld_context_t context = context_with(NULL, NULL);
        weld_value_t value = run(module, context, &v);
        CHECK(*(const int64_t *)weld_value_data(value) == 5 * (int64_t)cycle);
        weld_value_free(value);
        weld_context_free(context);
        weld_module_free(module);
    }
}

int main(void)
{
    const char *text = getenv("MEMORY_CYCLES");
    int cycles = text == NULL ? 300 : atoi(text);
    compile_cycles(0, cycles / 3);
    int64_t before = resident();
    compile_cycles(cycles / 3, cycles);
    int64_t after = resident();
    printf("%d programs: %d KB after a third of them, %d KB after all\n", cycles, (int)(before / 1024), (int)(after / 1024));
    CHECK(after < before + 4 * MB);

    nothing_is_copied();
    CHECK(weld_live_handles() == 0);
    return 0;
}
