// Command dist builds the collection's binaries into their folder and its artifact into build.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"hostnet.linux/internal/dist"
)

func main() {
	only := flag.Bool("build", false, "only build the binaries")
	flag.Parse()
	if err := run(*only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(only bool) error {
	if err := dist.Build(context.Background(), ".", dist.Binaries, os.Stdout); err != nil || only {
		return err
	}
	artifact, err := dist.Pack(".", dist.Binaries, "build")
	if err != nil {
		return err
	}
	fmt.Println(artifact)
	return nil
}
