// Package microblaze tests the microblaze target.
package microblaze
