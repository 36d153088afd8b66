/* What the stress test compiles and runs: memory for arguments, programs, and what a result must be. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "check.h"
#include <string.h>

/* The memory that arguments wrap. It stays for ever. */

struct text { const char *data; int64_t len; };
struct rows { struct ints *data; int64_t len; };
static int64_t numbers[] = {3, 1, 3, 2};
static struct ints rows[] = {{numbers, 4}, {NULL, 0}, {numbers, 2}};
static const int64_t one = 1, none = 0, many = 20000;
static const struct ints vector = {numbers, 4}, empty = {NULL, 0}, negative = {numbers, -1}, null_vector = {NULL, 2},
                         endless = {numbers, INT64_MAX};
static const struct rows nested = {rows, 3};
static struct ints bad_rows[] = {{numbers, 4}, {NULL, 9}};
static const struct rows bad_nested = {bad_rows, 2};
static const struct { struct ints v; int64_t k; } inside = {{numbers, 4}, 2}, outside = {{numbers, 4}, 100};
static const struct { int64_t a, b; } sevenths = {21, 7}, no_parts = {21, 0};
static const struct text word = {"abc", 3};
static const void *const no_dict = NULL;

struct arg { const char *type; const void *data; };
enum { ONE, NONE, MANY, VECTOR, EMPTY, NEGATIVE, NULL_VECTOR, ENDLESS, NESTED, BAD_NESTED, INSIDE, OUTSIDE, SEVENTHS, NO_PARTS,
       WORD, NO_DICT, NULL_POINTER, ARGS };
static const struct arg ARG[ARGS] = {
    {"i64", &one}, {"i64", &none}, {"i64", &many}, {"vec[i64]", &vector}, {"vec[i64]", &empty}, {"vec[i64]", &negative},
    {"vec[i64]", &null_vector}, {"vec[i64]", &endless}, {"vec[vec[i64]]", &nested}, {"vec[vec[i64]]", &bad_nested},
    {"{vec[i64],i64}", &inside}, {"{vec[i64],i64}", &outside}, {"{i64,i64}", &sevenths}, {"{i64,i64}", &no_parts},
    {"vec[i8]", &word}, {"dict[i64,i64]", &no_dict}, {"vec[i64]", NULL},
};

static int cannot_be(int arg, int typed)
{
    return arg == NEGATIVE || arg == NULL_VECTOR || arg == ENDLESS || arg == NULL_POINTER || (arg == BAD_NESTED && typed);
}

/* The programs: the type of their parameters together, what they fail with on an argument, and a look at the result. */

static void plus(const int64_t *a, const int64_t *b, int64_t *sum)
{
    *sum = *a + *b;
}

#define INT(data) (*(const int64_t *)(data))
#define VEC(data) ((const struct ints *)(data))
#define DICT(data) (*(const void *const *)(data))
static int is_next(int arg, const void *r) { return INT(r) == *(const int64_t *)ARG[arg].data + 1; }
static int is_shifted(int arg, const void *r)
{
    int64_t k = arg == INSIDE ? 2 : 100;
    return VEC(r)->len == 4 && VEC(r)->data[0] == 3 + k && VEC(r)->data[3] == 2 + k;
}
static int is_third(int arg, const void *r) { return arg == INSIDE && INT(r) == 3; }
static int is_same(int arg, const void *r) { return VEC(r)->data == VEC(ARG[arg].data)->data; }
static int is_sum(int arg, const void *r) { return INT(r) == (arg == EMPTY ? 0 : 9); }
static int is_counts(int arg, const void *r)
{
    const int64_t *entries = weld_dict_entries(DICT(r));
    if (arg == EMPTY)
        return weld_dict_len(DICT(r)) == 0;
    return weld_dict_len(DICT(r)) == 3 && entries[0] == 3 && entries[1] == 2 && entries[4] == 2 && entries[5] == 1;
}
static int is_zero(int arg, const void *r) { return arg == NO_DICT && INT(r) == 0; }
static int is_empty(int arg, const void *r) { return arg == NO_DICT && VEC(r)->len == 0; }
static int is_any(int arg, const void *r) { return arg < ARGS && r != NULL; }
static int is_sums(int arg, const void *r)
{
    return arg == NESTED && VEC(r)->len == 3 && VEC(r)->data[0] == 9 && VEC(r)->data[1] == 0 && VEC(r)->data[2] == 4;
}
static int is_text(int arg, const void *r)
{
    const struct text *found = r;
    return arg < ARGS && found->len == 5 && memcmp(found->data, "hello", 6) == 0;
}
static int is_quotient(int arg, const void *r) { return arg == SEVENTHS && INT(r) == 3; }
static int is_range(int arg, const void *r)
{
    int64_t n = *(const int64_t *)ARG[arg].data;
    return VEC(r)->len == n && (n == 0 || VEC(r)->data[n - 1] == n - 1);
}
static int is_histogram(int arg, const void *r)
{
    return VEC(r)->len == 4 && VEC(r)->data[3] == (arg == EMPTY ? 0 : 2);
}

struct program {
    const char *code, *params, *result;
    int (*check)(int arg, const void *result);
    int fails_on;
    weld_errno_t with;
    /* Its result may point into what it is given. */
    int aliases;
};
static const struct program PROGRAM[] = {
    {"|x: i64| x + 1L", "i64", "i64", is_next, -1, 0, 0},
    {"|v: vec[i64], k: i64| map(v, |x| x + k)", "{vec[i64],i64}", "vec[i64]", is_shifted, -1, 0, 0},
    {"|v: vec[i64], k: i64| lookup(v, k)", "{vec[i64],i64}", "i64", is_third, OUTSIDE, WELD_ERRNO_ARRAY_OUT_OF_BOUNDS, 0},
    {"|v: vec[i64]| v", "vec[i64]", "vec[i64]", is_same, -1, 0, 1},
    {"|v: vec[i64]| sum(v)", "vec[i64]", "i64", is_sum, -1, 0, 0},
    {"|v: vec[i64]| countby(v)", "vec[i64]", "dict[i64,i64]", is_counts, -1, 0, 0},
    {"|d: dict[i64,i64]| len(d)", "dict[i64,i64]", "i64", is_zero, -1, 0, 0},
    {"|d: dict[i64,i64]| tovec(d)", "dict[i64,i64]", "vec[{i64,i64}]", is_empty, -1, 0, 1},
    {"|d: dict[i64,i64]| lookup(d, 3L)", "dict[i64,i64]", "i64", is_any, NO_DICT, WELD_ERRNO_KEY_NOT_FOUND_ERROR, 0},
    {"|v: vec[i64]| for(v, appender[i64], |b, i, x| merge(b, x))", "vec[i64]", "appender[i64]", is_any, -1, 0, 0},
    {"|b: appender[i64]| result(merge(b, 7L))", "appender[i64]", "vec[i64]", is_any, -1, 0, 1},
    {"|b: appender[i64]| merge(b, 9L)", "appender[i64]", "appender[i64]", is_any, -1, 0, 1},
    {"|v: vec[i64]| for(v, dictmerger[i64,i64,+], |b, i, x| merge(b, {x, i}))", "vec[i64]", "dictmerger[i64,i64,+]", is_any,
     -1, 0, 0},
    {"|b: dictmerger[i64,i64,+]| result(merge(b, {5L, 5L}))", "dictmerger[i64,i64,+]", "dict[i64,i64]", is_any, -1, 0, 1},
    {"|v: vec[i64]| for(v, groupmerger[i64,i64], |b, i, x| merge(b, {x, i}))", "vec[i64]", "groupmerger[i64,i64]", is_any, -1, 0,
     0},
    {"|b: groupmerger[i64,i64]| tovec(result(merge(b, {1L, 1L})))", "groupmerger[i64,i64]", "vec[{i64,vec[i64]}]", is_any, -1, 0,
     1},
    {"|vv: vec[vec[i64]]| map(vv, |v| sum(v))", "vec[vec[i64]]", "vec[i64]", is_sums, BAD_NESTED, WELD_ERRNO_INVALID_ARGUMENT, 0},
    {"|s: vec[i8]| \"hello\"", "vec[i8]", "vec[i8]", is_text, -1, 0, 0},
    {"|| \"hello\"", "", "vec[i8]", is_text, -1, 0, 0},
    {"|a: i64, b: i64| a / b", "{i64,i64}", "i64", is_quotient, NO_PARTS, WELD_ERRNO_DIVIDE_BY_ZERO, 0},
    {"|n: i64| range(n & 32767L)", "i64", "vec[i64]", is_range, -1, 0, 0},
    {"|n: i64| if(assert(n > 0L), n, n) + 1L", "i64", "i64", is_next, NONE, WELD_ERRNO_ASSERTION_ERROR, 0},
    {"|a: i64, b: i64| cudf[plus,i64](a, b)", "{i64,i64}", "i64", is_any, -1, 0, 0},
    {"|v: vec[i64]| result(for(v, vecmerger[i64,+]([0L, 0L, 0L, 0L]), |b, i, x| merge(b, {x, 1L})))", "vec[i64]", "vec[i64]",
     is_histogram, -1, 0, 0},
    {"|v: vec[i64]| deserialize[vec[i64]](slice(serialize(v), 0L, 9L))", "vec[i64]", "vec[i64]", is_any, VECTOR,
     WELD_ERRNO_DESERIALIZATION_ERROR, 0},
};
enum { PROGRAMS = sizeof PROGRAM / sizeof *PROGRAM };
static const char *const NO_PROGRAM[] = {"", "|", "|x: i64| x + 1", "|x| x", "|b: appender[i64]| {result(b), result(b)}",
                                         "|v: vec[i64]| lookup(v)", "\xff\xfe", "|x: i64| cudf[no_such,i64](x)",
                                         "macro a(x) = a(x); |x: i64| a(x)"};
static const char *const NO_TYPE[] = {"", "vec[", "i65", "vec[i64]| 0L) |x: i64", "{i64", "\x80", "|x: i64| x"};

#endif
