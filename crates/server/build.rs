//! Looks whether the web page has been built. It is never built from here: that would need Node.

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist");
    println!("cargo:rerun-if-changed={dist}");
    if !std::path::Path::new(dist).join("index.html").exists() {
        println!("cargo:warning=the web page is not built and will be missing; run `make web`");
    }
}
