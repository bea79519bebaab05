#include "output/metric_text.h"

#include "base/utf8.h"

/* Backslash, line feed and, within quotes, the quote; other characters stand for themselves. */
static void put_escaped(struct strbuf *to, const char *bytes, size_t length, bool quotes)
{
	const uint8_t *at = (const uint8_t *)bytes;

	for (size_t i = 0, used; i < length; i += used) {
		used = utf8_length(at + i, length - i);
		if (!used) {
			strbuf_text(to, "\xef\xbf\xbd");
			used = 1;
		} else if (at[i] == '\n') {
			strbuf_text(to, "\\n");
		} else if (at[i] == '\\' || (quotes && at[i] == '"')) {
			strbuf_char(to, '\\');
			strbuf_char(to, bytes[i]);
		} else {
			strbuf_put(to, bytes + i, used);
		}
	}
}

void metric_label(struct strbuf *labels, const char *name, const char *value, size_t length)
{
	if (labels->length && labels->data[labels->length - 1] == '"')
		strbuf_char(labels, ',');
	strbuf_text(labels, name);
	strbuf_text(labels, "=\"");
	put_escaped(labels, value, length, true);
	strbuf_char(labels, '"');
}

static void put_family_name(const struct metric_text *text, const char *keyword, const char *name,
			    enum metric_kind kind)
{
	strbuf_text(text->to, "# ");
	strbuf_text(text->to, keyword);
	strbuf_char(text->to, ' ');
	strbuf_text(text->to, name);
	if (text->form == METRICS_CLASSIC && kind == METRIC_COUNTER)
		strbuf_text(text->to, "_total");
	if (text->form == METRICS_CLASSIC && kind == METRIC_INFO)
		strbuf_text(text->to, "_info");
	strbuf_char(text->to, ' ');
}

void metric_family(const struct metric_text *text, const char *name, enum metric_kind kind,
		   const char *unit, const char *help)
{
	static const char *const types[] = {[METRIC_COUNTER] = "counter",
					    [METRIC_GAUGE] = "gauge",
					    [METRIC_SUMMARY] = "summary",
					    [METRIC_HISTOGRAM] = "histogram",
					    [METRIC_INFO] = "info"};
	bool is_classic = text->form == METRICS_CLASSIC;

	put_family_name(text, "HELP", name, kind);
	/* The older format has no quotes to escape there. */
	put_escaped(text->to, help, strlen(help), !is_classic);
	strbuf_char(text->to, '\n');
	put_family_name(text, "TYPE", name, kind);
	strbuf_text(text->to, is_classic && kind == METRIC_INFO ? "gauge" : types[kind]);
	strbuf_char(text->to, '\n');
	if (is_classic || !unit)
		return;
	put_family_name(text, "UNIT", name, kind);
	strbuf_text(text->to, unit);
	strbuf_char(text->to, '\n');
}

/* 64 and 40 bits make less than 32 digits. */
#define MOST_DIGITS 40

__extension__ typedef unsigned __int128 wide;

/*
 * All digits that the number has, so that it is exact; `has_point`: one behind the point at least,
 * which is how bounds of buckets are written.
 */
static void put_number(struct strbuf *to, const struct metric_number *number, bool has_point)
{
	wide value = (wide)number->magnitude * (number->factor ? number->factor : 1);
	char digits[MOST_DIGITS];
	size_t start = MOST_DIGITS, point = MOST_DIGITS - number->decimals, end = MOST_DIGITS;

	while (value || start >= point) {
		digits[--start] = (char)('0' + (int)(value % 10));
		value /= 10;
	}
	while (end > point && digits[end - 1] == '0')
		end--;
	if (number->is_negative && number->magnitude)
		strbuf_char(to, '-');
	strbuf_put(to, digits + start, point - start);
	if (end > point) {
		strbuf_char(to, '.');
		strbuf_put(to, digits + point, end - point);
	} else if (has_point) {
		strbuf_text(to, ".0");
	}
}

static void put_name(const struct metric_text *text, const char *name, const char *suffix,
		     const char *labels, size_t labels_length)
{
	strbuf_text(text->to, name);
	strbuf_text(text->to, suffix);
	if (!labels_length)
		return;
	strbuf_char(text->to, '{');
	strbuf_put(text->to, labels, labels_length);
	strbuf_char(text->to, '}');
}

void metric_sample(const struct metric_text *text, const char *name, const char *suffix,
		   const char *labels, size_t labels_length, const struct metric_number *number)
{
	put_name(text, name, suffix, labels, labels_length);
	strbuf_char(text->to, ' ');
	put_number(text->to, number, false);
	strbuf_char(text->to, '\n');
}

void metric_bucket(const struct metric_text *text, const char *name, const char *labels,
		   size_t labels_length, const struct metric_number *bound, uint64_t count)
{
	struct strbuf *to = text->to;

	strbuf_text(to, name);
	strbuf_text(to, "_bucket{");
	strbuf_put(to, labels, labels_length);
	strbuf_text(to, labels_length ? ",le=\"" : "le=\"");
	if (bound)
		put_number(to, bound, true);
	else
		strbuf_text(to, "+Inf");
	strbuf_text(to, "\"} ");
	strbuf_u64(to, count);
	strbuf_char(to, '\n');
}

void metric_unknown_sum(const struct metric_text *text, const char *name, const char *labels,
			size_t labels_length)
{
	put_name(text, name, "_sum", labels, labels_length);
	strbuf_text(text->to, " NaN\n");
}

void metric_end(const struct metric_text *text)
{
	if (text->form == METRICS_OPEN)
		strbuf_text(text->to, "# EOF\n");
}
