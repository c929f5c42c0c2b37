//! Looks for NVIDIA's library of mathematical functions. The compiler links kernels with `exp`, `sin`, `tanh`
//! and the like with it.

use crate::error::DeviceError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The path of the library within a CUDA toolkit.
const FILE: &str = "nvvm/libdevice/libdevice.10.bc";

/// The toolkits to search if `CUDA_PATH` names none.
#[cfg(feature = "cuda")]
const TOOLKITS: [&str; 4] = ["/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda", "/usr"];

/// Looks for the library in the places where CubeCL looks when it compiles the first such kernel (cubecl-llvm
/// 0.11.3, `nvptx/libdevice.rs`).
#[cfg(feature = "cuda")]
pub(crate) fn look(device: &str) -> Result<(), DeviceError> {
    look_in(
        device,
        std::env::var_os("CUDA_PATH"),
        &TOOLKITS.map(PathBuf::from),
    )
}

/// Looks in `CUDA_PATH`, if it is set. Otherwise the first toolkit with a folder for the library
/// must have the library.
fn look_in(device: &str, cuda_path: Option<OsString>, toolkits: &[PathBuf]) -> Result<(), DeviceError> {
    // CubeCL reads the variable as text.
    let named = cuda_path
        .and_then(|path| path.into_string().ok())
        .map(PathBuf::from);
    let has_folder = |toolkit: &&PathBuf| toolkit.join(FILE).parent().is_some_and(Path::is_dir);
    let toolkits = match &named {
        Some(named) => std::slice::from_ref(named),
        None => match toolkits.iter().find(has_folder) {
            Some(first) => std::slice::from_ref(first),
            None => toolkits,
        },
    };
    let files: Vec<PathBuf> = toolkits.iter().map(|toolkit| toolkit.join(FILE)).collect();
    match files.iter().any(|file| file.is_file()) {
        true => Ok(()),
        false => Err(DeviceError::NoLibdevice {
            device: device.into(),
            looked_for: files,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn it_is_found_where_cubecl_finds_it() {
        let folder = std::env::temp_dir().join(format!("kiln-libdevice-{}", std::process::id()));
        let toolkit = |name: &str| folder.join(name);
        let (none, empty, whole) = (toolkit("none"), toolkit("empty"), toolkit("whole"));
        for of in [&empty, &whole] {
            fs::create_dir_all(of.join(FILE).parent().unwrap()).unwrap();
        }
        fs::write(whole.join(FILE), "").unwrap();
        let look = |variable: Option<&PathBuf>, toolkits: &[&PathBuf]| {
            let toolkits: Vec<PathBuf> = toolkits.iter().map(|&path| path.clone()).collect();
            match look_in("cuda:0", variable.map(|path| path.into()), &toolkits) {
                Ok(()) => vec![],
                Err(DeviceError::NoLibdevice { looked_for, .. }) => looked_for,
                Err(error) => panic!("{error}"),
            }
        };
        let nothing: Vec<PathBuf> = vec![];
        assert_eq!(look(None, &[&none, &whole]), nothing);
        assert_eq!(look(Some(&whole), &[&none]), nothing);
        // The error lists each file that was looked for.
        assert_eq!(
            look(None, &[&none, &toolkit("nor this")]),
            [none.join(FILE), toolkit("nor this").join(FILE)]
        );
        // The variable decides, and so does the first toolkit with the folder.
        assert_eq!(look(Some(&none), &[&whole]), [none.join(FILE)]);
        assert_eq!(look(None, &[&empty, &whole]), [empty.join(FILE)]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_error_says_what_to_install() {
        let error = look_in("cuda:0", None, &["/none".into()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cuda:0: no libdevice.10.bc, which exp, sin, tanh and others are compiled with: looked for /none/nvvm/libdevice/libdevice.10.bc: \
             install NVIDIA's CUDA toolkit (nvidia-cuda-toolkit of Debian and Ubuntu, cuda-nvcc of NVIDIA's own packages, or nvidia-cuda-nvcc-cu12 of \
             PyPI), and set CUDA_PATH to the folder with nvvm/libdevice/libdevice.10.bc if it is another one"
        );
    }
}
