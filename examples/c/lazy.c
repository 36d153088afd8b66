/* A library of vector functions that does nothing until somebody looks: each function gives a text, and looking joins the texts
 * of all functions that were called into one program. Weld makes one loop of them.
 *
 *   cc -std=c99 -Iinclude examples/c/lazy.c -o lazy -Ltarget/release -lweld
 */
#include "check.h"
#include <stdarg.h>
#include <string.h>

/* A vector that is not there yet: its name in the program. */
struct lazy { char name[16]; };

/* The library: what was called so far, a line for each call, and nothing else. Lines that nobody needs cost nothing: Weld drops
 * them. */
static char lets[4096];

static struct lazy let(const char *format, ...)
{
    static int names = 0;
    struct lazy v;
    size_t len = strlen(lets);
    va_list args;
    snprintf(v.name, sizeof v.name, "obj%d", names++);
    len += (size_t)snprintf(lets + len, sizeof lets - len, "let %s = (", v.name);
    va_start(args, format);
    len += (size_t)vsnprintf(lets + len, sizeof lets - len, format, args);
    va_end(args);
    snprintf(lets + len, sizeof lets - len, ");\n");
    return v;
}

static struct lazy add(struct lazy a, struct lazy b)
{
    return let("map(zip(%s, %s), |p| p.$0 + p.$1)", a.name, b.name);
}

static struct lazy scale(struct lazy a, int factor)
{
    return let("map(%s, |x| x * %dL)", a.name, factor);
}

enum { N = 100000 };
static int64_t left[N], right[N];

int main(void)
{
    struct { struct ints a, b; } args = {{left, N}, {right, N}};
    for (int64_t i = 0; i < N; i++) {
        left[i] = i;
        right[i] = 2 * i;
    }

    struct lazy a = {"_inp0"}, b = {"_inp1"};
    struct lazy scaled = scale(add(a, b), 10);

    /* Looking at it: one text with both lets. */
    char program[5000];
    snprintf(program, sizeof program, "|_inp0: vec[i64], _inp1: vec[i64]|\n%s%s", lets, scaled.name);
    weld_module_t module = compile(program);
    weld_context_t context = context_with(NULL, NULL);
    weld_value_t result = run(module, context, &args);
    const struct ints *numbers = weld_value_data(result);
    CHECK(numbers->len == N);
    for (int64_t i = 0; i < N; i++)
        CHECK(numbers->data[i] == 30 * i);

    /* The sums were never in memory: there is the result, and no second vector. */
    CHECK(strstr(weld_module_trace_json(module), "fuse_loops") != NULL);
    CHECK(weld_context_memory_usage(context) < 2 * N * (int64_t)sizeof(int64_t));

    weld_value_free(result);
    weld_context_free(context);
    weld_module_free(module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
