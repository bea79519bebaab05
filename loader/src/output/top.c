#include "output/top.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "base/screen_text.h"
#include "output/internal.h"
#include "output/top_table.h"
#include "session/session.h"
#include "session/thread_values.h"

/* Lines of other output: a quarter of the screen, and no more than so many. */
#define MOST_MESSAGES 8

struct top_map {
	const struct mf_map *map;
	struct top_rows rows;
	/* As of the last reading: output->emptied. */
	uint64_t emptied;
};

struct top {
	struct output *output;
	uint64_t seed;
	/* In byte order of their names. */
	struct top_map *maps;
	uint32_t map_count;
	/* Made for each drawing. */
	struct top_table *tables;
	size_t table_count;
};

static int by_name(const void *left, const void *right)
{
	const struct top_map *a = left, *b = right;

	return strcmp(a->map->name, b->map->name);
}

struct top *top_new(struct output *output)
{
	const struct manifest *manifest = output->session->manifest;
	struct top *top = memory_zeroed(sizeof(*top));

	top->output = output;
	/* Without a seed rates are right all the same; they may lack. */
	if (getrandom(&top->seed, sizeof(top->seed), GRND_NONBLOCK) != sizeof(top->seed))
		top->seed = (uint64_t)(uintptr_t)top;
	top->maps = memory_array(manifest->map_count, sizeof(*top->maps));
	top->tables = memory_array(manifest->map_count, sizeof(*top->tables));
	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (!thread_values_hide(output->session, &manifest->maps[i]))
			top->maps[top->map_count++].map = &manifest->maps[i];
	qsort(top->maps, top->map_count, sizeof(*top->maps), by_name);
	return top;
}

void top_free(struct top *top)
{
	if (!top)
		return;
	for (uint32_t i = 0; i < top->map_count; i++)
		top_rows_free(&top->maps[i].rows);
	free(top->maps);
	free(top->tables);
	free(top);
}

void top_read(struct top *top, uint64_t now)
{
	const struct output *output = top->output;

	for (uint32_t i = 0; i < top->map_count; i++) {
		struct top_map *map = &top->maps[i];
		size_t index = (size_t)(map->map - output->session->manifest->maps);
		uint64_t emptied = output->emptied[index].times;

		top_rows_read(&map->rows, output->session, map->map, now, emptied != map->emptied,
			      top->seed);
		map->emptied = emptied;
	}
}

/* The table that a map without keys can stand in, beside others. */
static struct top_table *table_of_values(struct top *top, const struct mf_map *map)
{
	for (size_t i = 0; i < top->table_count; i++)
		if (!top->tables[i].map && top_table_fits(&top->tables[i], map->value))
			return &top->tables[i];
	top_table_begin(&top->tables[top->table_count], NULL, map->value);
	return &top->tables[top->table_count++];
}

/* Values without keys come first, and those that nothing was put into not at all. */
static void make_tables(struct top *top)
{
	top->table_count = 0;
	for (uint32_t i = 0; i < top->map_count; i++) {
		struct top_map *map = &top->maps[i];

		if (!map->map->key && (map->rows.rows.count || map->rows.error))
			top_table_add(table_of_values(top, map->map), &map->rows);
	}
	for (uint32_t i = 0; i < top->map_count; i++) {
		struct top_map *map = &top->maps[i];

		if (!map->map->key)
			continue;
		top_table_begin(&top->tables[top->table_count], map->map, map->map->value);
		top_table_add(&top->tables[top->table_count++], &map->rows);
	}
}

size_t top_tables(const struct top *top)
{
	return top->table_count;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Shares lines among tables, each of which has a heading, too: what one does not need the others
 * get. How many tables, from the first on, have room for at least a row.
 */
static size_t share_lines(struct top_table *tables, size_t count, size_t lines)
{
	size_t shown = least(count, lines / 2), rest = lines - shown, open = shown;

	for (size_t i = 0; i < shown; i++)
		tables[i].lines = 0;
	/* Each round fills at least one table, or ends. */
	while (open && rest >= open) {
		size_t share = rest / open;

		open = 0;
		for (size_t i = 0; i < shown; i++) {
			size_t more = least(share, tables[i].wanted - tables[i].lines);

			tables[i].lines += more;
			rest -= more;
			open += tables[i].lines < tables[i].wanted;
		}
	}
	for (size_t i = 0; i < shown && rest; i++)
		if (tables[i].lines < tables[i].wanted) {
			tables[i].lines++;
			rest--;
		}
	return shown;
}

/* Lines of the screen that are being made. */
struct screen {
	const struct top_view *view;
	struct strbuf *to;
	size_t left;
};

/* It is cleared first: behind its last cell the cursor stays on that one, which would go, too. */
static void begin_line(struct screen *screen, const char *style)
{
	strbuf_text(screen->to, "\033[K");
	strbuf_text(screen->to, style);
}

static void end_line(struct screen *screen)
{
	strbuf_text(screen->to, "\033[m");
	screen->left--;
	if (screen->left)
		strbuf_text(screen->to, "\r\n");
}

static void put_line(struct screen *screen, const char *style, const char *text, size_t length)
{
	if (!screen->left)
		return;
	begin_line(screen, style);
	screen_text(screen->to, text, length, screen->view->width, screen->view->utf8);
	end_line(screen);
}

static void put_text(struct screen *screen, const char *style, const char *text)
{
	put_line(screen, style, text, strlen(text));
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void put_heading(struct screen *screen, const struct top *top,
			const struct top_figures *figures)
{
	static const char *const orders[] = {
		[TOP_BY_VALUE] = "value", [TOP_BY_RATE] = "rate", [TOP_BY_KEY] = "key"};
	const struct top_view *view = screen->view;
	uint64_t seconds = figures->uptime_ns / 1000000000;
	char *line = memory_format(
		"%s  up %u:%02u:%02u  %llu events  %llu lost  every %gs  by %s%s%s",
		file_name(top->output->session->manifest->script), (unsigned int)(seconds / 3600),
		(unsigned int)(seconds / 60 % 60), (unsigned int)(seconds % 60),
		(unsigned long long)figures->events, (unsigned long long)figures->lost,
		(double)view->interval_ns / 1e9, orders[view->order],
		view->reversed ? ", reversed" : "", view->paused ? "  PAUSED" : "");

	put_text(screen, "\033[1m", line);
	free(line);
}

static void put_help(struct screen *screen)
{
	static const char *const lines[] = {
		"",
		"  q        quit, as Ctrl-C does: maps are printed",
		"  v  r  k  sort by value, by rate, by key",
		"  i        the other way round",
		"  n        each table alone, and then all of them again",
		"  p        pause: what is shown stays (tracing goes on)",
		"  +  -     read maps less often, more often",
		"  h        this help, and back",
		"",
		"  /s is how much a number grew in a second, since the last reading; - where that is not",
		"  known: the key is new, or the map was emptied. P50 is a bucket that half of all numbers",
		"  do not exceed.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		put_text(screen, "", lines[i]);
}

static void put_table(struct screen *screen, struct top *top, struct top_table *table)
{
	const struct top_view *view = screen->view;
	struct strbuf line = {0};

	top_table_fill(table, &top->output->values, view->order, view->reversed, view->utf8);
	top_table_heading(table, &line, view->width, view->utf8);
	put_line(screen, "\033[7m", line.data, line.length);
	for (size_t i = 0; i < table->row_count && screen->left; i++) {
		begin_line(screen, "");
		top_table_row(table, i, screen->to, view->width, view->utf8);
		end_line(screen);
	}
	strbuf_free(&line);
}

static void put_tables(struct screen *screen, struct top *top, size_t lines)
{
	struct top_table *tables = top->tables;
	size_t count = top->table_count, shown, hidden;
	char text[80];

	if (screen->view->alone && count) {
		tables += (screen->view->alone - 1) % count;
		count = 1;
	}
	shown = share_lines(tables, count, lines);
	hidden = count - shown;
	if (hidden && lines)
		/* One line says so. */
		shown = share_lines(tables, least(count, (lines - 1) / 2), lines - 1);
	for (size_t i = 0; i < shown; i++)
		put_table(screen, top, &tables[i]);
	if (!hidden)
		return;
	snprintf(text, sizeof(text), "%zu more tables: n shows each alone", count - shown);
	put_text(screen, "\033[2m", text);
}

/* Without colours: the screen has its own. */
static void put_plain(struct strbuf *to, const struct strbuf *line)
{
	for (size_t i = 0; i < line->length; i++) {
		size_t end = i + 2;

		if (line->data[i] == '\033' && end < line->length && line->data[i + 1] == '[') {
			while (end < line->length &&
			       (line->data[end] == ';' ||
				(line->data[end] >= '0' && line->data[end] <= '9')))
				end++;
			if (end < line->length && line->data[end] == 'm') {
				i = end;
				continue;
			}
		}
		strbuf_char(to, line->data[i]);
	}
}

static void put_messages(struct screen *screen, const struct last_lines *lines, size_t count)
{
	size_t kept = last_lines_count(lines);
	struct strbuf plain = {0};
	char text[80];

	snprintf(text, sizeof(text), "printed: the last %zu of %llu lines", count,
		 (unsigned long long)lines->total);
	put_text(screen, "\033[7m", text);
	for (size_t i = kept - count; i < kept; i++) {
		strbuf_clear(&plain);
		put_plain(&plain, last_lines_get(lines, i));
		put_line(screen, "", plain.data, plain.length);
	}
	strbuf_free(&plain);
}

static size_t messages_of(const struct top_view *view, const struct last_lines *lines)
{
	size_t room = least(view->height / 4, MOST_MESSAGES);

	return least(last_lines_count(lines), room);
}

void top_draw(struct top *top, const struct top_view *view, const struct top_figures *figures,
	      const struct last_lines *lines, struct strbuf *to)
{
	struct screen screen = {view, to, view->height};
	size_t messages = messages_of(view, lines), below = messages ? messages + 1 : 0;

	strbuf_text(to, "\033[m\033[H");
	put_heading(&screen, top, figures);
	put_text(
		&screen, "\033[2m",
		"q quit  v r k sort by value, rate, key  i reverse  n next  p pause  +/- interval  h help");
	if (view->help) {
		put_help(&screen);
	} else {
		make_tables(top);
		put_tables(&screen, top, screen.left > below ? screen.left - below : 0);
		for (size_t i = 0; i < top->table_count; i++)
			top_table_empty(&top->tables[i]);
	}
	while (screen.left > below)
		put_text(&screen, "", "");
	if (messages && screen.left)
		put_messages(&screen, lines, messages);
}
