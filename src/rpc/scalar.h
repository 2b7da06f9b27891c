/* scalar.h - the text between a scalar's tags as a value.
 * Runs in: control, forkserverctl. */
#ifndef RPC_SCALAR_H
#define RPC_SCALAR_H

#include "rpc/value.h"

struct buf;

/* Gives *value that type and takes over what is in `text`.  0, -ENOMEM, or -EINVAL if the text is
 * not of the type. */
int scalar_read(struct rpc_value *value, enum rpc_type type, struct buf *text);

#endif
