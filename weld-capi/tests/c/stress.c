/* Random calls of every function, with good handles and bad ones: null, freed, of another kind, made up. The program keeps its own
 * account of what is alive and what a call must say, and ends when libweld says something else. Every so often all is freed, and
 * then no handle may be left; memory must not grow.
 *
 *   cc -std=c99 -Iinclude -Iexamples/c weld-capi/tests/c/stress.c -o stress -Ltarget/release -lweld
 *
 * STRESS_SEED and STRESS_CALLS say which calls and how many.
 */
#define _POSIX_C_SOURCE 200809L
#include "programs.h"
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
enum { MOST = 192, PAST = 64 };
static struct thing things[MOST];
static int alive;
static void *past[PAST];
static int64_t contexts;

/* How often each program gave a result, and each error was seen: dice that miss something would prove nothing. */
static int64_t results[PROGRAMS], errors[WELD_ERRNO_TYPE_MISMATCH + 1];

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
    *found = below(12) == 0 ? NULL : living(kind);
    return *found == NULL ? bad(kind) : (*found)->handle;
}

static const char *type_of(const struct thing *value)
{
    return value->program >= 0 ? PROGRAM[value->program].result : ARG[value->arg].type;
}

/* Mostly a value that a module takes. */
static void *some_argument(const struct thing *module, struct thing **found)
{
    int start = alive == 0 ? 0 : below(alive);
    if (module != NULL && below(8) > 0)
        for (int i = 0; i < alive; i++) {
            struct thing *thing = &things[(start + i) % alive];
            if (thing->kind == VALUE && strcmp(type_of(thing), PROGRAM[module->program].params) == 0)
                return (*found = thing)->handle;
        }
    return some(VALUE, found);
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
    errors[code]++;
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
        {"weld.memory.limit", "100000"}, {"weld.memory.limit", "50000"}, {"weld.memory.limit", "1000000000"},
        {"weld.memory.limit", "x"}, {"weld.threads", "2"}, {"weld.threads", "4"}, {"weld.threads", "none"}, {"weld.optimization.passes", ""},
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
    weld_value_t arg = some_argument(with, &on);
    /* Builders go on in their own context only. */
    for (int i = 0; on != NULL && on->program >= 0 && below(2) && i < alive; i++)
        if (things[i].kind == CONTEXT && things[i].context == on->context)
            context = (in = &things[i])->handle, kind = CONTEXT;
    if (in == NULL && context != NULL && is_alive(context))
        return;
    const struct program *program = with == NULL ? NULL : &PROGRAM[with->program];
    const char *type = on == NULL ? NULL : type_of(on);
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
        MUST(value == NULL && (error == NULL || code == WELD_ERRNO_INVALID_HANDLE));
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
    results[made->program]++;
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
        weld_trim_memory();
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
    if (alive > MOST - 4 || which < 20) {
        /* Modules live longest, for they take longest to make. */
        enum kind kind = below(3) ? VALUE : below(3) ? ERROR : below(6) ? CONTEXT : below(4) ? CONF : MODULE;
        void *handle = some(kind, &thing);
        free_one(kind, handle, thing);
    } else if (which < 21)
        keep(weld_conf_new(), CONF);
    else if (which < 25)
        conf_calls();
    else if (which < 28)
        new_context();
    else if (which < 31)
        context_calls();
    else if (which < 38)
        new_value();
    else if (which < 49)
        value_calls();
    else if (which < 51)
        compile_one();
    else if (which < 53)
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

static const int EXPECTED[] = {WELD_ERRNO_LOAD_LIBRARY_ERROR, WELD_ERRNO_COMPILE_ERROR, WELD_ERRNO_ARRAY_OUT_OF_BOUNDS,
                               WELD_ERRNO_OUT_OF_MEMORY, WELD_ERRNO_DESERIALIZATION_ERROR, WELD_ERRNO_KEY_NOT_FOUND_ERROR,
                               WELD_ERRNO_ASSERTION_ERROR, WELD_ERRNO_DIVIDE_BY_ZERO, WELD_ERRNO_INVALID_ARGUMENT,
                               WELD_ERRNO_INVALID_HANDLE, WELD_ERRNO_TYPE_MISMATCH};

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
    for (int i = 0; calls >= 100000 && i < PROGRAMS; i++)
        MUST(results[i] > 0);
    for (size_t i = 0; calls >= 100000 && i < sizeof EXPECTED / sizeof *EXPECTED; i++)
        MUST(errors[EXPECTED[i]] > 0);
    return 0;
}
