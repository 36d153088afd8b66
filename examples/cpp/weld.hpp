// Handles that free themselves, for the C++ examples: what a C++ program may want around weld.h. C++98.
#ifndef WELD_HPP
#define WELD_HPP

#include "weld.h"
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::cerr << __FILE__ << ":" << __LINE__ << ": not so: " #condition << std::endl; \
            std::exit(1); \
        } \
    } while (0)

namespace weld {

// A handle and the function that frees it. It has one owner.
template <typename Handle, void (*release)(Handle)>
class Owned {
public:
    explicit Owned(Handle handle) : handle(handle) {}
    ~Owned() { release(handle); }
    operator Handle() const { return handle; }

private:
    Owned(const Owned &);
    Owned &operator=(const Owned &);
    Handle handle;
};

typedef Owned<weld_conf_t, weld_conf_free> Conf;
typedef Owned<weld_context_t, weld_context_free> Context;
typedef Owned<weld_error_t, weld_error_free> Error;
typedef Owned<weld_module_t, weld_module_free> Module;
typedef Owned<weld_value_t, weld_value_free> Value;

// What a vec[T] is in memory.
template <typename T>
struct Vec {
    const T *data;
    int64_t len;
};

inline weld_module_t compile(const std::string &code)
{
    Conf conf(weld_conf_new());
    Error err(weld_error_new());
    weld_module_t module = weld_module_compile(code.c_str(), conf, err);
    if (weld_error_code(err) != WELD_ERRNO_SUCCESS)
        throw std::runtime_error(weld_error_message(err));
    return module;
}

inline weld_context_t new_context()
{
    Conf conf(weld_conf_new());
    return weld_context_new(conf);
}

inline weld_value_t run(weld_module_t module, weld_context_t context, const void *args)
{
    Error err(weld_error_new());
    Value arg(weld_value_new(args));
    weld_value_t result = weld_module_run(module, context, arg, err);
    if (weld_error_code(err) != WELD_ERRNO_SUCCESS)
        throw std::runtime_error(weld_error_message(err));
    return result;
}

} // namespace weld

#endif
