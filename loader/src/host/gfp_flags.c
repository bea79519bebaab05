#include "host/gfp_flags.h"

/*
 * Bits as of kernel 6.10 and later (include/linux/gfp_types.h). They are an enum there, numbered by
 * configuration: other kernels may shift those from ZEROTAGS on.
 */
#define BIT(n) (1u << (n))
#define DMA BIT(0)
#define HIGHMEM BIT(1)
#define DMA32 BIT(2)
#define MOVABLE BIT(3)
#define HIGH BIT(5)
#define IO BIT(6)
#define FS BIT(7)
#define ZERO BIT(8)
#define DIRECT BIT(10)
#define KSWAPD BIT(11)
#define WRITE BIT(12)
#define NOWARN BIT(13)
#define RETRY_MAYFAIL BIT(14)
#define NOFAIL BIT(15)
#define NORETRY BIT(16)
#define MEMALLOC BIT(17)
#define COMP BIT(18)
#define NOMEMALLOC BIT(19)
#define HARDWALL BIT(20)
#define THISNODE BIT(21)
#define ACCOUNT BIT(22)
#define ZEROTAGS BIT(23)
#define SKIP_ZERO BIT(24)
#define SKIP_KASAN BIT(25)
#define NO_OBJ_EXT BIT(26)

#define KERNEL (DIRECT | KSWAPD | IO | FS)
#define USER (KERNEL | HARDWALL)
#define HIGHUSER (USER | HIGHMEM)
#define HIGHUSER_MOVABLE (HIGHUSER | MOVABLE | SKIP_KASAN)
#define TRANSHUGE_LIGHT ((HIGHUSER_MOVABLE | COMP | NOMEMALLOC | NOWARN) & ~(DIRECT | KSWAPD))

struct flag {
	uint32_t bits;
	const char *name;
};

static const struct flag known[] = {
	{TRANSHUGE_LIGHT | DIRECT, "GFP_TRANSHUGE"},
	{TRANSHUGE_LIGHT, "GFP_TRANSHUGE_LIGHT"},
	{HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE"},
	{HIGHUSER, "GFP_HIGHUSER"},
	{USER, "GFP_USER"},
	{KERNEL | ACCOUNT, "GFP_KERNEL_ACCOUNT"},
	{KERNEL, "GFP_KERNEL"},
	{DIRECT | KSWAPD | IO, "GFP_NOFS"},
	{HIGH | KSWAPD, "GFP_ATOMIC"},
	{DIRECT | KSWAPD, "GFP_NOIO"},
	{KSWAPD | NOWARN, "GFP_NOWAIT"},
	{DMA, "GFP_DMA"},
	{HIGHMEM, "__GFP_HIGHMEM"},
	{DMA32, "GFP_DMA32"},
	{HIGH, "__GFP_HIGH"},
	{IO, "__GFP_IO"},
	{FS, "__GFP_FS"},
	{ZERO, "__GFP_ZERO"},
	{DIRECT, "__GFP_DIRECT_RECLAIM"},
	{KSWAPD, "__GFP_KSWAPD_RECLAIM"},
	{WRITE, "__GFP_WRITE"},
	{NOWARN, "__GFP_NOWARN"},
	{RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL"},
	{NOFAIL, "__GFP_NOFAIL"},
	{NORETRY, "__GFP_NORETRY"},
	{MEMALLOC, "__GFP_MEMALLOC"},
	{COMP, "__GFP_COMP"},
	{NOMEMALLOC, "__GFP_NOMEMALLOC"},
	{HARDWALL, "__GFP_HARDWALL"},
	{THISNODE, "__GFP_THISNODE"},
	{ACCOUNT, "__GFP_ACCOUNT"},
	{ZEROTAGS, "__GFP_ZEROTAGS"},
	{SKIP_ZERO, "__GFP_SKIP_ZERO"},
	{SKIP_KASAN, "__GFP_SKIP_KASAN"},
	{NO_OBJ_EXT, "__GFP_NO_OBJ_EXT"},
};

void gfp_flags_text(struct strbuf *to, uint64_t flags)
{
	const char *between = "";

	if (!flags) {
		strbuf_char(to, '0');
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if ((flags & known[i].bits) != known[i].bits)
			continue;
		flags &= ~(uint64_t)known[i].bits;
		strbuf_text(to, between);
		strbuf_text(to, known[i].name);
		between = "|";
	}
	if (flags) {
		strbuf_text(to, between);
		strbuf_text(to, "0x");
		strbuf_hex(to, flags);
	}
}
