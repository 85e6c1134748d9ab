/* Covariance shrunk towards a multiple of the identity (Ledoit and Wolf 2004), its Cholesky factor, and the inverse of that: a distance is then one triangle times a vector. */
#include "stats/mahalanobis.h"

#include <math.h>
#include <string.h>

enum { LANES = 8 };

float redan_mahalanobis(const struct redan_mahalanobis *m, const float *row)
{
    float total = 0;

    for (size_t i = 0; i < m->width; i++) {
        const float *factor = m->factor + i * m->width;
        size_t n = i + 1;
        size_t whole = n / LANES * LANES;
        float lanes[LANES] = {0};

        for (size_t c = 0; c < whole; c += LANES)
            for (size_t l = 0; l < LANES; l++)
                lanes[l] += factor[c + l] * (row[c + l] - m->mean[c + l]);
        for (size_t c = whole; c < n; c++)
            lanes[c - whole] += factor[c] * (row[c] - m->mean[c]);
        float y = ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
                  ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
        total += y * y;
    }
    return total;
}

static void means(const float *values, size_t rows, size_t width, double *mean)
{
    memset(mean, 0, width * sizeof(*mean));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c++)
            mean[c] += (double)values[r * width + c];
    for (size_t c = 0; c < width; c++)
        mean[c] /= (double)rows;
}

/* The lower triangle of the covariance, divided by n as Ledoit and Wolf do; gives the sum over rows of |x|^4. */
static double covariance(const float *values, size_t rows, size_t width, const double *mean,
                         double *cov, double *x)
{
    double fourth = 0;

    memset(cov, 0, width * width * sizeof(*cov));
    for (size_t r = 0; r < rows; r++) {
        double square = 0;

        for (size_t c = 0; c < width; c++) {
            x[c] = (double)values[r * width + c] - mean[c];
            square += x[c] * x[c];
        }
        fourth += square * square;
        for (size_t i = 0; i < width; i++) {
            double xi = x[i];
            double *to = cov + i * width;
            if (xi != 0)
                for (size_t j = 0; j <= i; j++)
                    to[j] += xi * x[j];
        }
    }
    for (size_t i = 0; i < width * width; i++)
        cov[i] /= (double)rows;
    return fourth;
}

/* Shrink in place: (1 - s) S + s mu I, with the s that loses least (lemma 3.5 and section 3.3). */
static void shrink(double *cov, size_t rows, size_t width, double fourth)
{
    double n = (double)rows;
    double p = (double)width;
    double mu = 0;
    double square = 0; /* |S|^2 */

    for (size_t i = 0; i < width; i++) {
        mu += cov[i * width + i] / p;
        for (size_t j = 0; j < i; j++)
            square += 2 * cov[i * width + j] * cov[i * width + j];
        square += cov[i * width + i] * cov[i * width + i];
    }
    double d2 = square / p - mu * mu;
    double b2 = (fourth / n - square) / (n * p);
    double s = d2 > 0 ? fmin(1, fmax(0, b2 / d2)) : 1;
    double least = (mu > 0 ? mu : 1) * 1e-6; /* a constant column, or two that are the same */

    for (size_t i = 0; i < width; i++) {
        for (size_t j = 0; j < i; j++)
            cov[i * width + j] *= 1 - s;
        cov[i * width + i] = (1 - s) * cov[i * width + i] + s * mu + least;
    }
}

/* In lanes, so that the compiler may use vector registers; the order of adding is the same everywhere. */
static double dot(const double *a, const double *b, size_t n)
{
    double lanes[LANES] = {0};
    size_t whole = n / LANES * LANES;

    for (size_t k = 0; k < whole; k += LANES)
        for (size_t l = 0; l < LANES; l++)
            lanes[l] += a[k + l] * b[k + l];
    for (size_t k = whole; k < n; k++)
        lanes[k - whole] += a[k] * b[k];
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
           ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

/* The lower triangle becomes its Cholesky factor. */
static void cholesky(double *a, size_t width)
{
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * width + j] - dot(a + i * width, a + j * width, j);

            if (i == j)
                a[i * width + i] = sqrt(fmax(sum, 1e-12));
            else
                a[i * width + j] = sum / a[j * width + j];
        }
}

/* `inverse` becomes the inverse of the lower triangle, row after row. */
static void invert(const double *a, size_t width, double *inverse)
{
    memset(inverse, 0, width * width * sizeof(*inverse));
    for (size_t i = 0; i < width; i++) {
        double *to = inverse + i * width;

        for (size_t k = 0; k < i; k++) {
            double f = a[i * width + k];
            const double *from = inverse + k * width;
            if (f != 0)
                for (size_t j = 0; j <= k; j++)
                    to[j] -= f * from[j];
        }
        to[i] = 1;
        for (size_t j = 0; j <= i; j++)
            to[j] /= a[i * width + i];
    }
}

bool redan_mahalanobis_fit(const float *values, size_t rows, size_t width, float *mean,
                           float *factor, double *work)
{
    double *cov = work;
    double *inverse = work + width * width;
    double *centre = inverse + width * width; /* width^2 >= width: room for one vector */

    if (rows < 2 || width == 0)
        return false;
    means(values, rows, width, centre);
    double fourth = covariance(values, rows, width, centre, cov, inverse);
    shrink(cov, rows, width, fourth);
    cholesky(cov, width);
    invert(cov, width, inverse);
    for (size_t i = 0; i < width; i++)
        mean[i] = (float)centre[i];
    for (size_t i = 0; i < width * width; i++)
        factor[i] = (float)inverse[i];
    return true;
}
