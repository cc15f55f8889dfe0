// SPDX-License-Identifier: GPL-2.0

//! Shared buffers whose driver goes away under them, or wants to.

use std::io;

use super::{
    import,
    name_of,
    node,
    pattern,
    Buffer,
    Nodes,
    Shared,
    CLOEXEC,
    GEM_INFO,
    RDWR,
    ROUNDED,
    SIZE, //
};

const FLAGS: u32 = CLOEXEC | RDWR;

/// Shares a buffer, and has nothing open meanwhile but what `what` says: `ours-in-vgem` or `vgems-in-ours`, or of
/// both everything if it is `all`. Prints `ready`, waits for a line on standard input, and prints what is left.
///
/// # Errors
/// When sharing fails to begin with.
pub fn run(nova: &str, vgem: &str, what: &str) -> io::Result<bool> {
    let nodes = Nodes { nova, vgem };
    match what {
        "all" => all(&nodes)?,
        "ours-in-vgem" => ours_in_vgem(&nodes)?,
        "vgems-in-ours" => vgems_in_ours(&nodes)?,
        _ => {
            return Err(io::Error::other(format!(
                "nothing to hold is called {what}"
            )))
        }
    }
    Ok(true)
}

fn all(nodes: &Nodes<'_>) -> io::Result<()> {
    let (file, other) = (nodes.nova()?, nodes.vgem()?);
    let ours = Buffer::nova(&file, SIZE)?;
    let ours_mapped = ours.map(ROUNDED)?;
    ours_mapped.write(&pattern(1))?;
    let ours_shared = Shared::of(&ours, FLAGS)?;
    let ours_shared_mapped = ours_shared.map(ROUNDED)?;
    let in_vgem = import(&other, &ours_shared)?;

    let theirs = Buffer::vgem(&other, SIZE)?;
    theirs.map(ROUNDED)?.write(&pattern(2))?;
    let theirs_shared = Shared::of(&theirs, FLAGS)?;
    let in_ours = Buffer::of_nova(&file, import(&file, &theirs_shared)?);
    let in_ours_mapped = in_ours.map(ROUNDED)?;

    println!("before {}", contents(1, ours_shared_mapped.read()));
    wait()?;

    println!("ours {}", contents(1, ours_mapped.read()));
    println!("export {}", contents(1, ours_shared_mapped.read()));
    println!("vgem's in ours {}", contents(2, in_ours_mapped.read()));
    println!("vgem's {}", contents(2, theirs.map(ROUNDED)?.read()));
    let info = node::object_query(&file, GEM_INFO, ours.handle);
    println!("info {}", name_of(&info));
    println!("import {}", name_of(&import(&file, &theirs_shared)));
    println!("export again {}", name_of(&Shared::of(&ours, FLAGS)));
    let again = Shared::export(&other, in_vgem, FLAGS);
    println!("vgem's export of ours {}", name_of(&again));
    drop((ours_mapped, ours_shared_mapped, in_ours_mapped, again));
    drop(file);
    println!("length {}", name_of(&ours_shared.length()));
    drop((ours_shared, theirs_shared));
    drop(other);
    println!("closed");
    Ok(())
}

fn ours_in_vgem(nodes: &Nodes<'_>) -> io::Result<()> {
    let vgem = nodes.vgem()?;
    let held = {
        let nova = nodes.nova()?;
        let ours = Buffer::nova(&nova, SIZE)?;
        ours.map(ROUNDED)?.write(&pattern(3))?;
        import(&vgem, &Shared::of(&ours, FLAGS)?)?
    };
    wait()?;
    let found = Shared::export(&vgem, held, FLAGS)?.map(ROUNDED)?.read();
    println!("ours {}", contents(3, found));
    Ok(())
}

fn vgems_in_ours(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let held = {
        let vgem = nodes.vgem()?;
        let theirs = Buffer::vgem(&vgem, SIZE)?;
        theirs.map(ROUNDED)?.write(&pattern(4))?;
        import(&nova, &Shared::of(&theirs, FLAGS)?)?
    };
    wait()?;
    let found = Buffer::of_nova(&nova, held).map(ROUNDED)?.read();
    println!("vgem's {}", contents(4, found));
    Ok(())
}

fn wait() -> io::Result<()> {
    println!("ready");
    io::stdin().read_line(&mut String::new()).map(drop)
}

/// `kept` if the bytes are still those of `seed`.
fn contents(seed: u32, found: io::Result<Vec<u8>>) -> String {
    match found {
        Ok(bytes) if bytes == pattern(seed) => "kept".to_owned(),
        Ok(_) => "changed".to_owned(),
        error => name_of(&error),
    }
}
