// The loops that anybody would write in C, and two that measure the machine's limits.
#include <math.h>
#include <stddef.h>

#define FLOW(d) ((d) * CONDUCTANCE((d) * (d)*k))

#define DIFFUSE(NAME)                                                                              \
  void NAME(const float *restrict u, float *restrict out, ptrdiff_t rows, ptrdiff_t cols,          \
            float tau, float k) {                                                                  \
    _Pragma("omp parallel for schedule(static)") for (ptrdiff_t i = 0; i < rows; i++) {            \
      const float *row = u + i * cols, *up = i > 0 ? row - cols : row,                             \
                  *down = i < rows - 1 ? row + cols : row;                                         \
      float *to = out + i * cols;                                                                  \
      to[0] = row[0] + tau * (FLOW(row[1] - row[0]) + FLOW(up[0] - row[0]) +                       \
                              FLOW(down[0] - row[0]));                                             \
      for (ptrdiff_t j = 1; j < cols - 1; j++)                                                     \
        to[j] = row[j] + tau * (FLOW(row[j + 1] - row[j]) + FLOW(row[j - 1] - row[j]) +            \
                                FLOW(up[j] - row[j]) + FLOW(down[j] - row[j]));                    \
      ptrdiff_t j = cols - 1;                                                                      \
      to[j] = row[j] + tau * (FLOW(row[j - 1] - row[j]) + FLOW(up[j] - row[j]) +                   \
                              FLOW(down[j] - row[j]));                                             \
    }                                                                                              \
  }

#define CONDUCTANCE(x) (1.0f / (1.0f + (x)))
DIFFUSE(rational)
#undef CONDUCTANCE
#define CONDUCTANCE(x) expf(-(x))
DIFFUSE(exponential)

// Memory: what reading one array and writing another costs.
void copy(const float *restrict a, float *restrict b, ptrdiff_t n) {
#pragma omp parallel for schedule(static)
  for (ptrdiff_t i = 0; i < n; i++)
    b[i] = a[i] + 1.0f;
}

// Arithmetic: n correctly rounded divisions on what stays in the registers.
__attribute__((optimize("no-fast-math"), noinline)) void divide(float *sums, ptrdiff_t n) {
#pragma omp parallel
  {
    float x[256];
    for (int l = 0; l < 256; l++)
      x[l] = 1.0f + l;
#pragma omp for schedule(static)
    for (ptrdiff_t i = 0; i < n / 256; i++)
      for (int l = 0; l < 256; l++)
        x[l] = 1.5f / x[l];
    float total = 0;
    for (int l = 0; l < 256; l++)
      total += x[l];
#pragma omp critical
    sums[0] += total;
  }
}
