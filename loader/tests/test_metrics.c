/* The text of metrics, and the requests that ask for it. */
#include <string.h>

#include "check.h"
#include "output/metric_text.h"
#include "run/http_request.h"

static void labels_are_escaped_and_utf8(void)
{
	struct strbuf labels = {0};

	metric_label(&labels, "a", "x\"y\\z\n", 6);
	metric_label(&labels, "b", "\xc3\xa9\xff\xc3", 4);
	metric_label(&labels, "c", "", 0);
	CHECK_TEXT(&labels, "a=\"x\\\"y\\\\z\\n\",b=\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\",c=\"\"");
	strbuf_free(&labels);
}

static void numbers_are_exact(void)
{
	static const struct {
		struct metric_number number;
		const char *text;
	} table[] = {
		{{0, false, 0, 0}, "n 0\n"},
		{{UINT64_MAX, false, 1, 0}, "n 18446744073709551615\n"},
		{{UINT64_C(1) << 63, true, 1, 0}, "n -9223372036854775808\n"},
		{{1500, false, 1, 9}, "n 0.0000015\n"},
		{{1, true, 1, 9}, "n -0.000000001\n"},
		{{0, true, 1, 9}, "n 0\n"},
		{{5000000000, false, 1, 9}, "n 5\n"},
		{{UINT64_MAX, false, UINT64_C(1) << 40, 0}, "n 20282409603651670422847739658240\n"},
	};
	struct strbuf text = {0};
	const struct metric_text open = {&text, METRICS_OPEN};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		metric_sample(&open, "n", "", NULL, 0, &table[i].number);
		CHECK_TEXT(&text, table[i].text);
	}
	strbuf_free(&text);
}

static void families_are_called_as_each_form_wants(void)
{
	struct strbuf text = {0};
	const struct metric_text open = {&text, METRICS_OPEN}, classic = {&text, METRICS_CLASSIC};

	metric_family(&open, "c_seconds", METRIC_COUNTER, "seconds", "A \"b\"\\\n");
	CHECK_TEXT(&text, "# HELP c_seconds A \\\"b\\\"\\\\\\n\n"
			  "# TYPE c_seconds counter\n"
			  "# UNIT c_seconds seconds\n");
	strbuf_clear(&text);
	metric_family(&classic, "c_seconds", METRIC_COUNTER, "seconds", "A \"b\"\\\n");
	CHECK_TEXT(&text, "# HELP c_seconds_total A \"b\"\\\\\\n\n"
			  "# TYPE c_seconds_total counter\n");
	strbuf_clear(&text);
	metric_family(&classic, "i", METRIC_INFO, NULL, "I");
	CHECK_TEXT(&text, "# HELP i_info I\n# TYPE i_info gauge\n");
	strbuf_clear(&text);
	metric_bucket(&open, "h", "a=\"1\"", 5, NULL, 3);
	metric_bucket(&open, "h", NULL, 0, &(struct metric_number){.magnitude = 7}, 3);
	CHECK_TEXT(&text, "h_bucket{a=\"1\",le=\"+Inf\"} 3\nh_bucket{le=\"7.0\"} 3\n");
	strbuf_free(&text);
}

static int read_request(struct http_request *request, const char *text)
{
	return http_request_read(request, text, strlen(text));
}

static void requests_are_whole_or_wrong(void)
{
	struct http_request request;

	CHECK(read_request(&request, "") == 0);
	CHECK(read_request(&request, "GET /metrics HTTP/1.1\r\n") == 0);
	CHECK(read_request(&request, "GET /metrics HTTP/1.1\r\nA: b\r\n\r") == 0);
	CHECK(read_request(&request, "GET /metrics?a=b HTTP/1.1\r\nA: b\r\n\r\n") == 200);
	CHECK(request.path == HTTP_METRICS && !request.takes_openmetrics && !request.is_head);
	CHECK(read_request(&request, "HEAD / HTTP/1.0\naCCept: text/plain, "
				     "application/openmetrics-text;q=0.5\n\n") == 200);
	CHECK(request.path == HTTP_INDEX && request.takes_openmetrics && request.is_head);
	CHECK(read_request(&request, "GET /healthz HTTP/1.1\n\n") == 200);
	CHECK(request.path == HTTP_HEALTH);
	CHECK(read_request(&request, "GET /metricsx HTTP/1.1\n\n") == 200);
	CHECK(request.path == HTTP_ELSEWHERE);
	CHECK(read_request(&request, "POST /metrics HTTP/1.1\n") == 405);
	CHECK(read_request(&request, "GET /metrics\n") == 400);
	CHECK(read_request(&request, " / HTTP/1.1\n") == 400);
	CHECK(read_request(&request, "\n") == 400);
	CHECK(read_request(&request, "GET /metrics FTP/1.1\n") == 400);
}

int main(void)
{
	labels_are_escaped_and_utf8();
	numbers_are_exact();
	families_are_called_as_each_form_wants();
	requests_are_whole_or_wrong();
	return check_result("metrics");
}
