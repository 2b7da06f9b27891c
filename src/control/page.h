/* page.h - what all web pages have in common: the frame, the headers, the escaping.
 * Runs in: control. */
#ifndef CONTROL_PAGE_H
#define CONTROL_PAGE_H

#include <stddef.h>

struct buf;
struct exchange;

void page_begin(struct buf *to, const char *title);
void page_text(struct buf *to, const char *text);              /* escaped, in attributes too */
void page_bytes(struct buf *to, const char *data, size_t len); /* the same */
void page_end(struct buf *to, const char *version);

/* Answers with the page, and with headers that keep it from being framed, scripted or kept. */
void page_send(struct exchange *exchange, unsigned status, struct buf *page);

/* page_action.c: what a form of the status page asks for. */
void page_act(struct exchange *exchange);

#endif
