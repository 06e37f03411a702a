// Package console records a guest's serial console and waits for what it says.
package console
