/* Random calls of every function, with good handles and bad ones: null, freed, of another kind, made up. The program keeps its own
 * account of what is alive and what a call must say, and ends when libweld says something else. Every so often all is freed, and
 * then no handle may be left; memory must not grow.
 *
 *   cc -std=c99 -Iinclude -Iexamples/c weld-capi/tests/c/stress.c -o stress -Ltarget/release -lweld
 *
 * STRESS_SEED and STRESS_CALLS say which calls and how many.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <string.h>
#include <unistd.h>

/* Dice: xorshift. */

static uint64_t state;

static uint64_t dice(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1dU >> 16;
}

static int below(int n)
{
    return (int)(dice() % (uint64_t)n);
}

static int64_t call, calls;

#define FAIL(...) \
    do { \
        fprintf(stderr, "call %lld, line %d: ", (long long)call, __LINE__); \
        fprintf(stderr, __VA_ARGS__); \
        fprintf(stderr, "\n"); \
        exit(1); \
    } while (0)
#define MUST(condition) \
    do { \
        if (!(condition)) \
            FAIL("not so: %s", #condition); \
    } while (0)

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
    {"|n: i64| range(n)", "i64", "vec[i64]", is_range, -1, 0, 0},
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

/* What is alive, and what was. */

enum kind { CONF, CONTEXT, VALUE, MODULE, ERROR, KINDS };
struct thing {
    void *handle;
    enum kind kind;
    /* Values: the argument that they wrap or were made from (-1: neither), with a type or not, the program that made them. */
    int arg, typed, program;
    /* Values and contexts: which context, from 1. */
    int64_t context;
    /* A later result may point into it; it may point into another context. */
    int pinned, foreign;
    /* Configurations: something was set; contexts: made from such a one. */
    int changed;
};
enum { MOST = 128, PAST = 64 };
static struct thing things[MOST];
static int alive;
static void *past[PAST];
static int64_t contexts;

static struct thing *keep(void *handle, enum kind kind)
{
    struct thing *made = &things[alive++];
    MUST(handle != NULL && alive <= MOST);
    memset(made, 0, sizeof *made);
    made->handle = handle;
    made->kind = kind;
    made->arg = made->program = -1;
    return made;
}

static int is_alive(const void *handle)
{
    for (int i = 0; i < alive; i++)
        if (things[i].handle == handle)
            return 1;
    return 0;
}

/* One that is alive, or null when there is none. */
static struct thing *living(enum kind kind)
{
    int start = alive == 0 ? 0 : below(alive);
    for (int i = 0; i < alive; i++) {
        struct thing *thing = &things[(start + i) % alive];
        if (thing->kind == kind)
            return thing;
    }
    return NULL;
}

/* A handle that is not one of this kind. */
static void *bad(enum kind kind)
{
    void *handle = NULL;
    struct thing *other;
    uintptr_t bits;
    switch (below(5)) {
    case 0:
        return NULL;
    case 1:
        return past[below(PAST)];
    case 2:
        other = living((enum kind)((kind + 1 + below(KINDS - 1)) % KINDS));
        return other == NULL ? NULL : other->handle;
    case 3:
        bits = (uintptr_t)dice();
        break;
    default:
        /* A bit of a good one, or of an old one, turned over. */
        other = living(kind);
        bits = (uintptr_t)(other == NULL ? past[below(PAST)] : other->handle) ^ (uintptr_t)1 << below(64);
    }
    memcpy(&handle, &bits, sizeof handle);
    return is_alive(handle) ? NULL : handle;
}

/* Mostly a good handle: then its account is given too. */
static void *some(enum kind kind, struct thing **found)
{
    *found = below(8) == 0 ? NULL : living(kind);
    return *found == NULL ? bad(kind) : (*found)->handle;
}

static void forget(struct thing *thing)
{
    past[below(PAST)] = thing->handle;
    *thing = things[--alive];
}

/* Whether a call that reports was right to give what it gave. */
static void reported(const struct thing *error, const void *err, int succeeded)
{
    weld_errno_t code = weld_error_code((weld_error_t)err);
    const char *message = weld_error_message((weld_error_t)err);
    MUST(message != NULL && message[0] != '\0');
    if (error == NULL) {
        MUST(code == WELD_ERRNO_INVALID_HANDLE);
        return;
    }
    if ((code == 0) != succeeded || (strcmp(message, "Success") == 0) != succeeded)
        FAIL("error %d, %s, but it has %s", (int)code, message, succeeded ? "succeeded" : "failed");
    if (code == WELD_ERRNO_UNKNOWN)
        FAIL("%s", message);
}

/* The calls. */

static void free_one(enum kind kind, void *handle, struct thing *thing)
{
    switch (kind) {
    case CONF: weld_conf_free(handle); break;
    case CONTEXT: weld_context_free(handle); break;
    case VALUE:
        if (below(2) || (thing != NULL && thing->pinned))
            weld_value_free(handle);
        else
            weld_value_release(handle);
        break;
    case MODULE: weld_module_free(handle); break;
    case ERROR: weld_error_free(handle); break;
    case KINDS: break;
    }
    if (thing != NULL)
        forget(thing);
}

static void conf_calls(void)
{
    static const char *const SETTINGS[][2] = {
        {"weld.memory.limit", "100000"}, {"weld.memory.limit", "1000000000"}, {"weld.memory.limit", "x"},
        {"weld.threads", "2"}, {"weld.threads", "4"}, {"weld.threads", "none"}, {"weld.optimization.passes", ""},
        {"weld.optimization.passes", "loop-fusion"}, {"weld.optimization.passes", "nonsense"}, {"unknown", "anything"},
        {"weld.llvm.optimization.level", "0"}, {"weld.llvm.optimization.level", "3"}, {"\xff", "\xff"}, {NULL, "x"}, {"x", NULL},
    };
    struct thing *thing;
    weld_conf_t conf = some(CONF, &thing);
    const char *const *setting = SETTINGS[below(sizeof SETTINGS / sizeof *SETTINGS)];
    weld_conf_set(conf, setting[0], setting[1]);
    if (thing != NULL)
        thing->changed = 1;
    const char *found = weld_conf_get(conf, setting[0]);
    if (thing == NULL || setting[0] == NULL)
        MUST(found == NULL);
    else
        MUST(setting[1] == NULL || strcmp(found, setting[1]) == 0);
}

static void new_context(void)
{
    struct thing *from;
    weld_conf_t conf = some(CONF, &from);
    weld_context_t context = weld_context_new(conf);
    MUST((from != NULL && !from->changed) <= (context != NULL) && (context != NULL) <= (from != NULL));
    if (context != NULL) {
        int changed = from->changed;
        struct thing *made = keep(context, CONTEXT);
        made->context = ++contexts;
        made->changed = changed;
    }
}

static void context_calls(void)
{
    struct thing *thing;
    weld_context_t context = some(CONTEXT, &thing);
    MUST((weld_context_memory_usage(context) >= 0) == (thing != NULL));
    MUST(weld_context_cancel(context) == 0);
    if (below(4) == 0)
        weld_context_set_time_limit(context, below(2) ? 1000.0 : -1.0);
}

static void new_value(void)
{
    int arg = below(ARGS), typed = below(2);
    if (typed) {
        struct thing *error;
        weld_error_t err = some(ERROR, &error);
        int wrong = below(8) == 0;
        const char *type = wrong ? (below(8) ? NO_TYPE[below(sizeof NO_TYPE / sizeof *NO_TYPE)] : NULL) : ARG[arg].type;
        weld_value_t value = weld_value_new_typed(type, ARG[arg].data, err);
        MUST((value != NULL) == !wrong);
        reported(error, err, value != NULL);
        if (wrong)
            return;
        struct thing *made = keep(value, VALUE);
        made->arg = arg;
        made->typed = 1;
    } else {
        keep(weld_value_new(ARG[arg].data), VALUE)->arg = arg;
    }
}

static void value_calls(void)
{
    struct thing *thing;
    weld_value_t value = some(VALUE, &thing);
    int is_result = thing != NULL && thing->program >= 0;
    const char *type = weld_value_type(value);
    MUST((weld_value_run(value) >= 0) == is_result);
    MUST(is_result || weld_value_memory_usage(value) == 0);
    MUST((type != NULL) == (is_result || (thing != NULL && thing->typed)));
    MUST(type == NULL || strcmp(type, is_result ? PROGRAM[thing->program].result : ARG[thing->arg].type) == 0);
    const void *data = weld_value_data(value);
    MUST(is_result || data == (thing == NULL ? NULL : ARG[thing->arg].data));
    if (is_result && thing->arg >= 0 && !thing->foreign)
        MUST(PROGRAM[thing->program].check(thing->arg, data));
    if (below(4) == 0) {
        weld_context_t context = weld_value_context(value);
        MUST((context != NULL) == is_result);
        if (context != NULL) {
            int64_t which = thing->context;
            struct thing *made = keep(context, CONTEXT);
            made->context = which;
            made->changed = 1;
        }
    }
}

static void compile_one(void)
{
    struct thing *error, *from;
    weld_error_t err = some(ERROR, &error);
    weld_conf_t conf = some(CONF, &from);
    int program = below(PROGRAMS), wrong = below(6) == 0;
    const char *code = wrong ? (below(9) ? NO_PROGRAM[below(sizeof NO_PROGRAM / sizeof *NO_PROGRAM)] : NULL) : PROGRAM[program].code;
    weld_module_t module = weld_module_compile(code, conf, err);
    if (wrong || from == NULL)
        MUST(module == NULL);
    else if (!from->changed && module == NULL)
        FAIL("%s: %s", code, weld_error_message(err));
    reported(error, err, module != NULL);
    if (module != NULL)
        keep(module, MODULE)->program = program;
}

static void module_calls(void)
{
    struct thing *thing;
    weld_module_t module = some(MODULE, &thing);
    const char *result = weld_module_return_type(module);
    MUST((result != NULL) == (thing != NULL));
    MUST(result == NULL || strcmp(result, PROGRAM[thing->program].result) == 0);
    int64_t params = weld_module_param_count(module), index = below(5) - 1;
    MUST((params >= 0) == (thing != NULL));
    MUST((weld_module_param_name(module, index) != NULL) == (index >= 0 && index < params));
    MUST((weld_module_param_type(module, index) != NULL) == (index >= 0 && index < params));
    MUST((weld_module_statistics_json(module) != NULL) == (thing != NULL));
    if (below(64) == 0)
        MUST((weld_module_trace_json(module) != NULL) == (thing != NULL));
}

static void run_one(void)
{
    struct thing *error, *with, *in, *on;
    weld_error_t err = some(ERROR, &error);
    weld_module_t module = some(MODULE, &with);
    /* A configuration is as good as a context. */
    enum kind kind = below(8) ? CONTEXT : CONF;
    weld_context_t context = some(kind, &in);
    weld_value_t arg = some(VALUE, &on);
    if (in == NULL && kind == CONTEXT && context != NULL && is_alive(context))
        return;
    const struct program *program = with == NULL ? NULL : &PROGRAM[with->program];
    const char *type = on == NULL ? NULL : on->program >= 0 ? PROGRAM[on->program].result : ARG[on->arg].type;
    int fits = program != NULL && type != NULL && strcmp(type, program->params) == 0;
    /* Nobody can see what memory without a type is, and memory of a context that has gone is no argument. */
    if (program != NULL && program->params[0] != '\0' && on != NULL) {
        if (on->foreign || (on->program < 0 && !on->typed && !fits) || (on->program < 0 && !on->typed && on->arg == BAD_NESTED))
            return;
    }
    weld_value_t value = weld_module_run(module, context, arg, err);
    reported(error, err, value != NULL);
    weld_errno_t code = error == NULL ? 0 : weld_error_code(err);
    if (with == NULL || in == NULL) {
        MUST(value == NULL && (error == NULL || code == WELD_ERRNO_INVALID_HANDLE || (kind == CONF && with != NULL)));
        return;
    }
    int changed = in->changed, takes = program->params[0] != '\0';
    int of_caller = on != NULL && on->program < 0;
    if (on == NULL) {
        MUST((value == NULL || (arg == NULL && !takes)));
    } else if (takes && !fits && (on->typed || on->program >= 0)) {
        MUST(value == NULL && (changed || error == NULL || code == WELD_ERRNO_TYPE_MISMATCH));
    } else if (takes && of_caller && cannot_be(on->arg, on->typed)) {
        MUST(value == NULL && (changed || error == NULL || code == WELD_ERRNO_INVALID_ARGUMENT));
    } else if (of_caller && takes && on->arg == program->fails_on) {
        MUST(value == NULL && (changed || error == NULL || code == program->with));
    } else if (value == NULL && of_caller && !changed && error != NULL) {
        FAIL("%s: %s", program->code, weld_error_message(err));
    }
    if (value == NULL)
        return;
    struct thing *made = keep(value, VALUE);
    made->program = (int)(program - PROGRAM);
    made->arg = !takes ? 0 : of_caller ? on->arg : -1;
    made->context = kind == CONTEXT ? in->context : ++contexts;
    if (takes && on->program >= 0 && program->aliases) {
        on->pinned = 1;
        made->foreign = on->context != made->context;
    }
    if (made->arg >= 0)
        MUST(program->check(made->arg, weld_value_data(value)));
}

static void error_calls(void)
{
    struct thing *thing;
    weld_error_t err = some(ERROR, &thing);
    weld_error_code(err);
    MUST(weld_error_message(err) != NULL);
    MUST(thing != NULL || weld_error_hint(err) == NULL);
    MUST(thing != NULL || (weld_error_line(err) == 0 && weld_error_column(err) == 0));
    MUST((weld_error_line(err) == 0) == (weld_error_column(err) == 0));
}

static void process_calls(void)
{
    struct thing *error;
    weld_error_t err = some(ERROR, &error);
    switch (below(4)) {
    case 0:
        weld_register_function("plus", (void (*)(void))plus, err);
        reported(error, err, 1);
        break;
    case 1:
        weld_register_function(below(2) ? NULL : "not a name", (void (*)(void))plus, err);
        reported(error, err, 0);
        break;
    case 2:
        weld_load_library(below(2) ? NULL : "/no/such/library.so", err);
        reported(error, err, 0);
        break;
    default:
        weld_init();
        MUST(weld_dict_len(NULL) == 0 && weld_dict_entries(NULL) == NULL);
    }
}

/* The run handles that code of the original had. */
static void *runs[4], *old_run;

static void runst_calls(void)
{
    int at = below(4);
    if (runs[at] == NULL) {
        runs[at] = weld_runst_init(1, 4096);
        MUST(runs[at] != NULL);
        return;
    }
    void *run = below(4) ? runs[at] : below(2) ? old_run : bad(CONTEXT);
    uint8_t *data = weld_runst_malloc(run, below(6000) - 100);
    MUST(run == runs[at] || data == NULL);
    weld_runst_set_result(run, data);
    MUST(weld_runst_get_result(run) == data);
    if (data != NULL) {
        uint8_t *more = weld_runst_realloc(run, data, below(6000));
        weld_runst_free(run, more == NULL ? data : more);
        weld_runst_free(run, data);
    }
    weld_runst_assert(run, (uint8_t)below(2));
    weld_runst_set_errno(run, 7);
    MUST(weld_runst_get_errno(run) == (run == runs[at] ? 7 : WELD_ERRNO_INVALID_HANDLE));
    if (below(4) == 0) {
        weld_runst_release(runs[at]);
        old_run = runs[at];
        runs[at] = NULL;
        weld_runst_release(old_run);
    }
}

static void any_call(void)
{
    struct thing *thing;
    int which = below(100);
    if (alive > MOST - 4 || which < 14) {
        enum kind kind = (enum kind)below(KINDS);
        void *handle = some(kind, &thing);
        free_one(kind, handle, thing);
    } else if (which < 17)
        keep(weld_conf_new(), CONF);
    else if (which < 22)
        conf_calls();
    else if (which < 25)
        new_context();
    else if (which < 30)
        context_calls();
    else if (which < 40)
        new_value();
    else if (which < 52)
        value_calls();
    else if (which < 53)
        compile_one();
    else if (which < 57)
        module_calls();
    else if (which < 87)
        run_one();
    else if (which < 90)
        keep(weld_error_new(), ERROR);
    else if (which < 95)
        error_calls();
    else if (which < 97)
        process_calls();
    else
        runst_calls();
    if (weld_live_handles() != alive)
        FAIL("%lld handles are alive, not %d", (long long)weld_live_handles(), alive);
}

static int64_t resident(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    MUST(file != NULL && fscanf(file, "%*s %lld", &pages) == 1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static int64_t from_environment(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : atoll(text);
}

int main(void)
{
    int64_t seed = from_environment("STRESS_SEED", 1), middle = 0, rounds = 20;
    weld_error_t err = weld_error_new();
    calls = from_environment("STRESS_CALLS", 100000);
    state = (uint64_t)seed * 0x9e3779b97f4a7c15U + 1;
    weld_register_function("plus", (void (*)(void))plus, err);
    check_ok(err);
    weld_error_free(err);
    for (int64_t round = 0; round < rounds; round++) {
        for (int64_t i = 0; i < calls / rounds; i++, call++)
            any_call();
        while (alive > 0)
            free_one(things[alive - 1].kind, things[alive - 1].handle, &things[alive - 1]);
        MUST(weld_live_handles() == 0);
        if (round == rounds / 2 - 1)
            middle = resident();
    }
    int64_t end = resident();
    printf("seed %lld, %lld calls, resident %lld MB in the middle, %lld MB at the end\n", (long long)seed, (long long)calls,
           (long long)middle >> 20, (long long)end >> 20);
    MUST(end < middle + middle / 10 + (8 << 20));
    return 0;
}
