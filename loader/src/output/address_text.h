/* Addresses of networks as text. */
#ifndef BPFLOAD_ADDRESS_TEXT_H
#define BPFLOAD_ADDRESS_TEXT_H

#include <stdint.h>

#include "base/strbuf.h"

/* An address of IPv4 (AF_INET: the first four bytes) or IPv6. Other families have no text. */
void inet_text(struct strbuf *to, uint32_t family, const uint8_t *address);

/* Six bytes as AA:BB:CC:DD:EE:FF. */
void macaddr_text(struct strbuf *to, const uint8_t *address);

#endif
