/* A program of 2017, as it was written then: its own copy of the header with void pointers, no contexts, and the configuration
 * handed to the run. It needs no change.
 *
 *   cc -std=c99 examples/c/generation1.c -o generation1 -Ltarget/release -lweld
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *weld_module_t;
typedef void *weld_value_t;
typedef void *weld_error_t;
typedef void *weld_conf_t;

extern weld_value_t weld_value_new(const void *data);
extern void *weld_value_data(weld_value_t);
extern int64_t weld_value_memory_usage(weld_value_t);
extern void weld_value_free(weld_value_t);
extern weld_module_t weld_module_compile(const char *, weld_conf_t, weld_error_t);
extern weld_value_t weld_module_run(weld_module_t, weld_conf_t, weld_value_t, weld_error_t);
extern void weld_module_free(weld_module_t);
extern weld_error_t weld_error_new(void);
extern int weld_error_code(weld_error_t);
extern const char *weld_error_message(weld_error_t);
extern void weld_error_free(weld_error_t);
extern weld_conf_t weld_conf_new(void);
extern void weld_conf_set(weld_conf_t, const char *key, const char *value);
extern const char *weld_conf_get(weld_conf_t, const char *key);
extern void weld_conf_free(weld_conf_t);

struct vec { int64_t *ptr; int64_t size; };

static void *checked(weld_error_t e, void *made)
{
    if (weld_error_code(e) != 0) {
        fprintf(stderr, "%s\n", weld_error_message(e));
        exit(1);
    }
    return made;
}

int main(void)
{
    int64_t data[] = {4, 5, 6};
    struct vec v = {data, 3};

    weld_error_t e = weld_error_new();
    weld_conf_t conf = weld_conf_new();
    weld_module_t m = checked(e, weld_module_compile("|x:vec[i64]| result(for(x, appender, |b,i,n| merge(b, n + i)))", conf, e));
    weld_conf_free(conf);

    weld_value_t arg = weld_value_new(&v);
    conf = weld_conf_new();
    weld_conf_set(conf, "weld.memory.limit", "100000000000");
    weld_conf_set(conf, "weld.threads", "1");
    if (strcmp(weld_conf_get(conf, "weld.threads"), "1") != 0)
        return 1;
    weld_value_t result = checked(e, weld_module_run(m, conf, arg, e));
    weld_conf_free(conf);

    struct vec *out = weld_value_data(result);
    if (out->size != 3 || out->ptr[0] != 4 || out->ptr[1] != 6 || out->ptr[2] != 8)
        return 1;
    if (weld_value_memory_usage(result) < 24)
        return 1;

    weld_value_free(result);
    weld_value_free(arg);
    weld_error_free(e);
    weld_module_free(m);
    return 0;
}
