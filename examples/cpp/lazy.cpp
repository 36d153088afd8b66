// Operators on vectors that compute nothing: they write a program, which looking at the result compiles and runs once.
//
//   c++ -std=c++98 -Iinclude examples/cpp/lazy.cpp -o lazy_cpp -Ltarget/release -lweld
#include "weld.hpp"
#include <sstream>
#include <vector>

// An expression over one input vector `v`.
class Lazy {
public:
    explicit Lazy(const std::string &text) : text(text) {}

    Lazy operator+(const Lazy &other) const
    {
        return Lazy("map2(" + text + ", " + other.text + ", |a, b| a + b)");
    }

    Lazy operator*(double factor) const
    {
        std::ostringstream out;
        out << "map(" << text << ", |x| x * f64(" << factor << "))";
        return Lazy(out.str());
    }

    std::vector<double> look(const std::vector<double> &v) const
    {
        weld::Vec<double> arg = {&v[0], static_cast<int64_t>(v.size())};
        weld::Module module(weld::compile("|v: vec[f64]| " + text));
        weld::Context context(weld::new_context());
        weld::Value value(weld::run(module, context, &arg));
        const weld::Vec<double> *found = static_cast<const weld::Vec<double> *>(weld_value_data(value));
        return std::vector<double>(found->data, found->data + found->len);
    }

private:
    std::string text;
};

int main()
{
    std::vector<double> v(1000);
    for (size_t i = 0; i < v.size(); i++)
        v[i] = static_cast<double>(i);
    Lazy input("v");
    std::vector<double> result = ((input + input * 2) * 0.5 + input).look(v);
    CHECK(result.size() == v.size());
    for (size_t i = 0; i < v.size(); i++)
        CHECK(result[i] == v[i] * 1.5 + v[i]);

    // What goes wrong is an exception, and nothing stays behind.
    bool thrown = false;
    try {
        Lazy("sum(").look(v);
    } catch (const std::runtime_error &error) {
        thrown = std::string(error.what()).find("error[E") != std::string::npos;
    }
    CHECK(thrown);
    CHECK(weld_live_handles() == 0);
    return 0;
}
