package pool_test

import (
	"context"
	"fmt"
	"os"

	"github.com/qemutest/functional/qemutest/internal/pool"
)

func ExampleAcquire() {
	release, err := pool.Acquire(context.Background(), pool.Weight{Memory: 512 << 20, Name: "TestBoot"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer release()
	fmt.Println("start the machine")
	// Output: start the machine
}

// A test with several machines asks once, for all of them.
func ExampleWeight_Add() {
	source := pool.Weight{Name: "TestMigration", Memory: 1 << 30}
	destination := source
	both := source.Add(destination)
	fmt.Println(both.Name, both.Machines, "machines", both.Memory>>20, "MiB", both.Cores, "cores")
	// Output: TestMigration 2 machines 2048 MiB 1 cores
}

func ExamplePool() {
	dir, err := os.MkdirTemp("", "pool")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	p := pool.Pool{Dir: dir, Budget: pool.Budget{Machines: 1}}
	release, err := p.Acquire(context.Background(), pool.Weight{Name: "first"})
	if err != nil {
		fmt.Println(err)
		return
	}
	release()
	fmt.Println("one at a time")
	// Output: one at a time
}
