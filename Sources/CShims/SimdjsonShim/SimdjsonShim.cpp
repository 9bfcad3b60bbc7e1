#include "SimdjsonShim.h"
