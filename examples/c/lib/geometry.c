/* A library with a function for Weld programs: cudf[weld_area,f64](box) with box: {f64,f64}. */
struct box { double width, height; };

void weld_area(const struct box *box, double *area);

void weld_area(const struct box *box, double *area)
{
    *area = box->width * box->height;
}
