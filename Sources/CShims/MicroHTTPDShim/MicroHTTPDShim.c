#include "MicroHTTPDShim.h"
