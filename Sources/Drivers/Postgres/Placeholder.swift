// The driver of Postgres comes here.
