// The driver of Docker comes here.
