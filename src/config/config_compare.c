/* config_compare.c - see config_compare.h. */
#include "config/config_compare.h"

#include "base/util.h"
#include "config/config.h"
#include "config/schema.h"

static enum config_change compare_table(const struct schema_table *table, const void *a,
					const void *b)
{
	enum config_change change = CHANGE_NONE;

	for (size_t i = 0; i < table->nkeys && change < CHANGE_RESTART; i++) {
		const struct schema_key *key = &table->keys[i];

		if (!key->type ||
		    key->type->same((const char *)a + key->offset, (const char *)b + key->offset))
			continue;
		change = key->flags & SCHEMA_LIVE ? CHANGE_LIVE : CHANGE_RESTART;
	}
	return change;
}

enum config_change config_process_compare(const struct config_program *a,
					  const struct config_process *pa,
					  const struct config_program *b,
					  const struct config_process *pb)
{
	const struct {
		const struct schema_table *table;
		const void *a, *b;
	} parts[] = {
		{ &schema_program, a, b },
		{ &schema_listener, &a->listener, &b->listener },
		{ &schema_fcgi, &a->fcgi, &b->fcgi },
		{ &schema_env_file, pa, pb },
		{ &schema_environment, pa, pb },
		{ &schema_process, pa, pb },
	};
	enum config_change change = a->kind == b->kind ? CHANGE_NONE : CHANGE_RESTART;

	for (size_t i = 0; i < ARRAY_LEN(parts) && change < CHANGE_RESTART; i++) {
		enum config_change its = compare_table(parts[i].table, parts[i].a, parts[i].b);

		change = its > change ? its : change;
	}
	return change;
}

enum config_change config_daemon_compare(const struct config_daemon *a,
					 const struct config_daemon *b)
{
	return compare_table(&schema_daemon, a, b);
}

bool config_daemon_same_environment(const struct config_daemon *a, const struct config_daemon *b)
{
	return type_environment.same(&a->environment, &b->environment);
}

bool config_zygote_same(const struct config_zygote *a, const struct config_zygote *b)
{
	return compare_table(&schema_zygote, a, b) == CHANGE_NONE;
}

bool config_socket_same(const struct config_socket *a, const struct config_socket *b)
{
	return compare_table(&schema_socket, a, b) == CHANGE_NONE;
}

enum config_change config_socket_compare(const struct config_socket *a,
					 const struct config_socket *b)
{
	return compare_table(&schema_socket, a, b);
}

bool config_http_same(const struct config_http *a, const struct config_http *b)
{
	return a->local == b->local &&
	       compare_table(a->local ? &schema_unix : &schema_inet, a, b) == CHANGE_NONE;
}
