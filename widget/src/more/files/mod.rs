//! Attachments: those that came, and those that are to be sent.

mod given;
mod received;
mod strip;
mod viewer;

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::part::Loader;
use crate::app::{Active, FilesPart, FilesSteps};

use self::given::{choose, given};
use self::received::shown;
use self::strip::strip;

thread_local! {
    pub(super) static LOADER: Loader<FilesPart> = Loader::new(table);
}

part!(fn table in files("files") -> FilesPart = FilesPart { shown, strip, choose, given });
part!(fn steps in files("files") -> FilesSteps<Active<Page>> = FilesSteps::new());
