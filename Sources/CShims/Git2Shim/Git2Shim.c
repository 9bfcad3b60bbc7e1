#include "Git2Shim.h"
