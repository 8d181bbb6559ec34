//! Does nothing: `pq-src` compiles libpq in. Cargo demands a build script in a package with `links`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
