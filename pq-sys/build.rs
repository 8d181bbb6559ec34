//! libpq is what `pq-src` compiles in; there is nothing to look for. Cargo demands a build script of a package with `links`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
