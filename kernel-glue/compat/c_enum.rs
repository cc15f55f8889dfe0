// SPDX-License-Identifier: GPL-2.0

//! Values of C enumerations. The bindings of 7.3 make a type of each; those of 7.2 take them for numbers.

use kernel::bindings;

/// Defines constants by the name of the value, the type, and the constant of 7.2.
macro_rules! values {
    ($($name:ident: $type:ident = $before:ident;)*) => {
        $(
            #[cfg(kernel_7_3)]
            pub(crate) const $name: bindings::$type = bindings::$type::$name;
            #[cfg(not(kernel_7_3))]
            pub(crate) const $name: bindings::$type = bindings::$before;
        )*
    };
}

values! {
    DMA_TO_DEVICE: dma_data_direction = dma_data_direction_DMA_TO_DEVICE;
    IRQ_NONE: irqreturn = irqreturn_IRQ_NONE;
    IRQ_HANDLED: irqreturn = irqreturn_IRQ_HANDLED;
    IRQ_WAKE_THREAD: irqreturn = irqreturn_IRQ_WAKE_THREAD;
}
