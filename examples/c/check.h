/* What the examples share: checks that end the program, and the calls that most of them begin with. */
#ifndef CHECK_H
#define CHECK_H

#include "weld.h"
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* What a vec[i64] is in memory. */
struct ints {
    int64_t *data;
    int64_t len;
};

/* Ends the program unless the last call went well. */
static inline void check_ok(weld_error_t err)
{
    if (weld_error_code(err) != WELD_ERRNO_SUCCESS) {
        fprintf(stderr, "error %d: %s\n", (int)weld_error_code(err), weld_error_message(err));
        exit(1);
    }
}

/* A program that must compile. */
static inline weld_module_t compile(const char *code)
{
    weld_error_t err = weld_error_new();
    weld_conf_t conf = weld_conf_new();
    weld_module_t module = weld_module_compile(code, conf, err);
    check_ok(err);
    weld_conf_free(conf);
    weld_error_free(err);
    return module;
}

/* A context with one setting, or with none when the key is null. */
static inline weld_context_t context_with(const char *key, const char *value)
{
    weld_conf_t conf = weld_conf_new();
    weld_context_t context;
    if (key != NULL)
        weld_conf_set(conf, key, value);
    context = weld_context_new(conf);
    CHECK(context != NULL);
    weld_conf_free(conf);
    return context;
}

/* A run that must go well, on the parameters at `args`. */
static inline weld_value_t run(weld_module_t module, weld_context_t context, const void *args)
{
    weld_error_t err = weld_error_new();
    weld_value_t arg = weld_value_new(args);
    weld_value_t result = weld_module_run(module, context, arg, err);
    check_ok(err);
    weld_value_free(arg);
    weld_error_free(err);
    return result;
}

#endif
