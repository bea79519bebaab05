#ifndef BPFLOAD_TESTS_USDT_POINT_H
#define BPFLOAD_TESTS_USDT_POINT_H

/* A point of this program, as sys/sdt.h writes it. */
#define POINT(provider, name, semaphore, arguments)                   \
	__asm__ volatile("990: nop\n"                                 \
			 ".pushsection .note.stapsdt,\"\",\"note\"\n" \
			 ".balign 4\n"                                \
			 ".4byte 992f-991f, 994f-993f, 3\n"           \
			 "991: .asciz \"stapsdt\"\n"                  \
			 "992: .balign 4\n"                           \
			 "993: .8byte 990b\n"                         \
			 ".8byte 0\n"                                 \
			 ".8byte " semaphore "\n"                     \
			 ".asciz \"" provider "\"\n"                  \
			 ".asciz \"" name "\"\n"                      \
			 ".asciz \"" arguments "\"\n"                 \
			 "994: .balign 4\n"                           \
			 ".popsection\n")

#endif
