/* A process ends while its threads compile and run programs: it ends as it should, with the status of main.
 *
 *   cc -std=c99 -pthread -Iinclude -Iexamples/c weld-capi/tests/c/ending.c -o ending -Ltarget/release -lweld
 *
 * ENDING_TIMES says how many processes are tried.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, STATUS = 7 };

static void *work(void *at)
{
    int64_t n = 20000;
    for (int i = *(const int *)at;; i += THREADS) {
        char code[100];
        snprintf(code, sizeof code, "|n: i64| sum(map(range(n), |x| x * %dL))", i);
        weld_module_t module = compile(code);
        weld_context_t context = context_with("weld.threads", "3");
        weld_value_free(run(module, context, &n));
        weld_context_free(context);
        weld_module_free(module);
    }
    return NULL;
}

static void child(long milliseconds)
{
    static int numbers[THREADS];
    struct timespec time = {0, milliseconds * 1000000};
    pthread_t thread;
    /* LLVM is not safe from its own end while it makes what the first program needs. */
    weld_module_free(compile("|n: i64| sum(map(range(n), |x| x * 5L))"));
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&thread, NULL, work, &numbers[i]) == 0);
    }
    nanosleep(&time, NULL);
    exit(STATUS);
}

int main(void)
{
    const char *text = getenv("ENDING_TIMES");
    int times = text == NULL ? 30 : atoi(text);
    /* This process does not use libweld itself, so its children begin with nothing. */
    for (int i = 0; i < times; i++) {
        int status = 0;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            child(1 + i % 60 * 4);
        CHECK(waitpid(pid, &status, 0) == pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != STATUS) {
            fprintf(stderr, "process %d ended with %d\n", i, status);
            return 1;
        }
    }
    return 0;
}
