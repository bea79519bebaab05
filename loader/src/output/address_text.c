#include "output/address_text.h"

#include <arpa/inet.h>

#define MACADDR_LENGTH 6

void inet_text(struct strbuf *to, uint32_t family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];

	if ((family == AF_INET || family == AF_INET6) &&
	    inet_ntop((int)family, address, text, sizeof(text)))
		strbuf_text(to, text);
}

void macaddr_text(struct strbuf *to, const uint8_t *address)
{
	for (int i = 0; i < MACADDR_LENGTH; i++) {
		if (i)
			strbuf_char(to, ':');
		strbuf_char(to, "0123456789ABCDEF"[address[i] >> 4]);
		strbuf_char(to, "0123456789ABCDEF"[address[i] & 15]);
	}
}
