// Package malta runs on MIPS's Malta board what several of the MIPS targets
// share: Debian 7 "wheezy" and the monitor YAMON.
package malta
