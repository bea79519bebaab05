#include "output/spark.h"

#define LEVELS 8

void spark_put(struct strbuf *to, const double *numbers, size_t count, double least, bool utf8)
{
	static const char *const blocks[LEVELS + 1] = {" ",	 "\u2581", "\u2582",
						       "\u2583", "\u2584", "\u2585",
						       "\u2586", "\u2587", "\u2588"};
	static const char *const plain[LEVELS + 1] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
	double most = least;

	for (size_t i = 0; i < count; i++)
		most = numbers[i] > most ? numbers[i] : most;
	for (size_t i = 0; i < count; i++) {
		double share = most > least ? (numbers[i] - least) / (most - least) : 0;
		size_t level = 0;

		/* What is there at all is seen. */
		if (numbers[i] > least)
			level = 1 + (size_t)(share * (LEVELS - 1) + 0.5);
		strbuf_text(to, (utf8 ? blocks : plain)[level > LEVELS ? LEVELS : level]);
	}
}
