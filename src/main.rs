//! The program; everything it does is in the library.

/// Rows made on one thread and freed on another are what an import consists of: the system's allocator spends
/// a sixth of its time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    shiryan::cli::run()
}
