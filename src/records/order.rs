//! Work on blocks in parallel, results in file order.

use std::io::Read;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{BLOCKS_PER_THREAD, Piece, SplitError, Splitter};

/// Reads pieces, works on several of them at a time on the current rayon pool, and takes the results in file order. While one
/// batch of pieces is worked on, the next is read, and the results of the one before are taken; no more than two batches of pieces and two
/// of results are in memory.
///
/// # Errors
/// The first error in file order, of reading or of taking.
pub fn in_order<R, T, E>(
    splitter: &mut Splitter<R>,
    work: impl Fn(&Piece) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E> + Send,
) -> Result<(), E>
where
    R: Read + Send,
    T: Send,
    E: From<SplitError> + Send,
{
    let size = BLOCKS_PER_THREAD * rayon::current_num_threads();
    let (mut batch, mut failed) = read_batch(splitter, size);
    let mut results = Vec::new();
    while !batch.is_empty() {
        let last = failed.is_some() || batch.len() < size;
        let before = std::mem::take(&mut results);
        let (next, (taken, of_batch)) = rayon::join(
            || if last { (Vec::new(), None) } else { read_batch(splitter, size) },
            || {
                rayon::join(
                    || before.into_iter().try_for_each(&mut take),
                    || batch.par_iter().map(&work).collect::<Vec<T>>(),
                )
            },
        );
        taken?;
        results = of_batch;
        for piece in batch {
            splitter.recycle(piece);
        }
        batch = next.0;
        failed = failed.or(next.1);
    }
    results.into_iter().try_for_each(take)?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// Up to `size` pieces, and what stopped the reading before that; fewer pieces without an error are the file's last.
fn read_batch<R: Read>(splitter: &mut Splitter<R>, size: usize) -> (Vec<Piece>, Option<SplitError>) {
    let mut pieces = Vec::with_capacity(size);
    while pieces.len() < size {
        match splitter.next_piece() {
            Ok(Some(piece)) => pieces.push(piece),
            Ok(None) => break,
            Err(error) => return (pieces, Some(error)),
        }
    }
    (pieces, None)
}
